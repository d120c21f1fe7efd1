#!/bin/sh
# Makes clip.h264: four seconds of a moving test picture, 12.5 pictures a second, a key frame every two
# seconds, no B frames. Annex B, one access unit delimiter before each picture.
cd "$(dirname "$0")" || exit 1
ffmpeg -y -loglevel error -f lavfi -i testsrc2=size=320x240:rate=25/2:duration=4 \
  -c:v libx264 -profile:v baseline -pix_fmt yuv420p -bf 0 -g 25 -keyint_min 25 -sc_threshold 0 -b:v 150k \
  -x264-params aud=1 -f h264 clip.h264
