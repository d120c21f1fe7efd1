#!/bin/sh
# Installs from Debian what the tests need: PostgreSQL, mosquitto and its clients, ffmpeg, Chromium with
# Chinese fonts. Needs root or sudo only when something is missing; without either it says what to
# install, and the tests that need it report themselves as skipped (in CI that is a failure).
set -eu
packages=""
need() { [ -e "$1" ] || packages="$packages $2"; }
need /usr/bin/ffmpeg ffmpeg
need /usr/bin/chromium chromium
need /usr/bin/mosquitto_pub mosquitto-clients
need /usr/sbin/mosquitto mosquitto
need /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages="$packages postgresql"
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ]; then run=""; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then run="sudo"; else
  echo "missing for the full tests: apt-get install$packages" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
fi
echo "installing:$packages"
export DEBIAN_FRONTEND=noninteractive
# A package must not start its own server during the installation: the tests start theirs.
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e $policy ]; then made=1; printf '#!/bin/sh\nexit 101\n' | $run tee $policy >/dev/null; $run chmod +x $policy; fi
$run apt-get update -qq
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
[ -z "$made" ] || $run rm -f $policy
