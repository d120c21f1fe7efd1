#!/bin/sh
# Draws the two scenes of the simulated cameras and encodes them as the terminals' cameras would: H.264
# baseline, no B frames, one slice, a key frame every two (harbour) or four (sluice) seconds, closed
# loops of twelve seconds. Needs ffmpeg with libx264 and the Noto Sans CJK fonts. Run it from anywhere.
set -eu
cd "$(dirname "$0")"

clip() { # scene, key frame interval in frames, title, rate
	text="fontcolor=white:box=1:boxcolor=black@0.45:boxborderw=6"
	go run ./scene -scene "$1" -frames 240 | ffmpeg -hide_banner -loglevel error -y \
		-f rawvideo -pixel_format rgb24 -video_size 960x540 -framerate 20 -i - \
		-vf "drawtext=font='Noto Sans CJK SC':text='演示数据 DEMO':fontsize=26:x=18:y=18:$text,\
drawtext=font='Noto Sans CJK SC':text='$3':fontsize=22:x=18:y=h-46:$text,\
drawtext=font='Noto Sans Mono CJK SC':text='循环 %{pts\:hms}  帧 %{n}':fontsize=20:x=w-tw-18:y=18:$text,format=yuv420p" \
		-c:v libx264 -profile:v baseline -preset veryslow -tune zerolatency -bf 0 -g "$2" -keyint_min "$2" \
		-sc_threshold 0 -x264-params "sliced-threads=0:threads=1:rc-lookahead=0:aud=0:repeat-headers=1" \
		-b:v "$4" -maxrate "$4" -bufsize "$4" -f h264 "$1.h264"
	ls -l "$1.h264"
}

clip sluice 80 '模拟场景 · 外闸' 900k
clip harbour 40 '模拟场景 · 渔港' 900k

# The same scenes as the cameras' smaller pictures (sub streams), with a key frame every second.
small() { # scene
	ffmpeg -hide_banner -loglevel error -y -framerate 20 -i "$1.h264" -vf scale=480:270 \
		-c:v libx264 -profile:v baseline -preset veryslow -tune zerolatency -bf 0 -g 20 -keyint_min 20 \
		-sc_threshold 0 -x264-params "sliced-threads=0:threads=1:rc-lookahead=0:aud=0:repeat-headers=1" \
		-b:v 150k -maxrate 150k -bufsize 150k -f h264 "$1-small.h264"
	ls -l "$1-small.h264"
}

small sluice
small harbour
