#!/bin/sh
# Draws the two scenes of the simulated cameras and encodes them as the terminals' cameras would: H.264
# baseline, no B frames, one slice, a key frame every two (harbour) or four (sluice) seconds, closed
# loops of twelve seconds. Then the places of the demonstration, each a part of a scene under its own name. Needs ffmpeg with libx264 and the Noto Sans CJK fonts. Run it from anywhere.
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

# places/*.h264 are what the other cameras of the demonstration see: a part of a scene in its own light, ten pictures a
# second, a key frame every two seconds, small enough to be large and small picture at once.
mkdir -p places
place() { # camera, title, scene, part (w:h:x:y, without the words in its corners), light
	text="fontcolor=white:box=1:boxcolor=black@0.45:boxborderw=4"
	ffmpeg -hide_banner -loglevel error -y -framerate 20 -i "$3.h264" \
		-vf "fps=10,crop=$4,$5,scale=640:360:flags=lanczos,\
drawtext=font='Noto Sans CJK SC':text='演示数据 DEMO':fontsize=18:x=12:y=12:$text,\
drawtext=font='Noto Sans CJK SC':text='$2':fontsize=24:x=12:y=h-42:$text,\
drawtext=font='Noto Sans Mono CJK SC':text='循环 %{eif\\:t\\:d\\:2} s':fontsize=16:x=w-tw-12:y=12:$text,format=yuv420p" \
		-c:v libx264 -profile:v baseline -preset medium -tune zerolatency -bf 0 -g 20 -keyint_min 20 \
		-sc_threshold 0 -x264-params "sliced-threads=0:threads=1:rc-lookahead=0:aud=0:repeat-headers=1" \
		-b:v 110k -maxrate 110k -bufsize 110k -f h264 "places/$1.h264"
	ls -l "places/$1.h264"
}

# Where the camera at the sluice looks from its second preset.
place ../sluice-gauge '模拟场景 · 外闸下游水尺' sluice 512:288:448:150 'eq=contrast=1.08'
place rd-cam-2 '模拟场景 · 岔河闸' sluice 720:405:0:56 'hflip,eq=saturation=1.25'
place rd-cam-3 '模拟场景 · 洋口闸下游' sluice 640:360:320:120 'eq=contrast=1.05'
place rd-cam-4 '模拟场景 · 北坎闸' sluice 480:270:230:64 'eq=brightness=0.04'
place rd-cam-5 '模拟场景 · 掘西河水尺' sluice 400:225:560:220 'eq=saturation=0.9'
place rd-cam-6 '模拟场景 · 岔河闸上游' sluice 560:315:40:150 'hflip,eq=brightness=-0.06'
place rd-cam-7 '模拟场景 · 长沙渔港' harbour 740:416:220:60 'hflip,eq=brightness=0.05'
place rd-cam-8 '模拟场景 · 东凌海堤' harbour 480:270:40:90 'eq=saturation=0.55:brightness=0.08'
place rd-cam-9 '模拟场景 · 刘埠海堤' harbour 480:270:0:206 'hflip,eq=saturation=0.4'
place qd-cam-2 '模拟场景 · 吕四东码头' harbour 480:270:470:60 'eq=brightness=0.04'
place qd-cam-3 '模拟场景 · 吕四灯塔' harbour 400:225:40:130 'eq=saturation=1.2'
place qd-cam-4 '模拟场景 · 吕四港池' harbour 640:360:320:180 'eq=saturation=0.8'
place qd-cam-5 '模拟场景 · 大洋港闸' sluice 740:416:120:60 'eq=saturation=0.7:brightness=-0.12'
place qd-cam-6 '模拟场景 · 蒿枝港闸' sluice 640:360:160:60 'hflip,eq=saturation=0.6:contrast=1.1'
place qd-cam-7 '模拟场景 · 塘芦港海堤' harbour 640:360:0:100 'eq=saturation=0.45:brightness=-0.05'
