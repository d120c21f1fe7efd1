#!/bin/sh
# Installs the Debian packages that the tests need and are not there yet. Without root and without sudo it
# says what is missing; the tests that need it are then reported as skipped (in CI they fail).
set -eu

missing=""
need() { # package, what proves that it is there
	if ! sh -c "$2" >/dev/null 2>&1; then missing="$missing $1"; fi
}
need postgresql 'ls /usr/lib/postgresql/*/bin/initdb'
need mosquitto-clients 'command -v mosquitto_pub'
need ffmpeg 'command -v ffmpeg'
need chromium 'command -v chromium'
need fonts-noto-cjk 'ls /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc'

if [ -z "$missing" ]; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "missing for some tests:$missing" >&2
	exit 0
fi
if [ "$(id -u)" = 0 ]; then
	as=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	as="sudo -n"
else
	echo "missing for some tests, install them as root: apt-get install$missing" >&2
	exit 0
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as apt-get update -qq
# A database server that starts by itself is of no use here.
$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
