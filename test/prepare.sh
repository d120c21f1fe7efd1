#!/bin/sh
# Builds the InfluxDB and the S3 server, and installs the Debian packages that the tests need and are not there yet. Without root and without sudo it
# says what is missing; the tests that need it are then reported as skipped (in CI they fail).
set -eu

# The last InfluxDB that go install can build; it answers the interface of version 2. About a minute.
influxd="$(go env GOPATH)/bin/influxd"
if ! command -v influxd >/dev/null 2>&1 && [ ! -x "$influxd" ]; then
	echo "building influxd 1.8.10"
	CGO_ENABLED=0 GOFLAGS= go install github.com/influxdata/influxdb/cmd/influxd@v1.8.10 || echo "influxd could not be built" >&2
fi

# A server that speaks S3, whose buckets are folders: Versity S3 Gateway (Apache-2.0). Two minutes.
if ! command -v versitygw >/dev/null 2>&1 && [ ! -x "$(go env GOPATH)/bin/versitygw" ]; then
	echo "building versitygw 1.8.0"
	CGO_ENABLED=0 GOFLAGS= go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 || echo "versitygw could not be built" >&2
fi

missing=""
need() { # package, what proves that it is there
	if ! sh -c "$2" >/dev/null 2>&1; then missing="$missing $1"; fi
}
need postgresql 'ls /usr/lib/postgresql/*/bin/initdb'
need mosquitto 'PATH="$PATH:/usr/sbin" command -v mosquitto'
need mosquitto-clients 'command -v mosquitto_pub'
need snmpd 'PATH="$PATH:/usr/sbin" command -v snmpd'
need curl 'command -v curl'
need ffmpeg 'command -v ffmpeg'
need chromium 'command -v chromium'
need poppler-utils 'command -v pdftotext'
need sqlite3 'command -v sqlite3'
need unzip 'command -v unzip'
need fonts-arphic-gbsn00lp 'ls /usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf'
need fonts-arphic-gkai00mp 'ls /usr/share/fonts/truetype/arphic-gkai00mp/gkai00mp.ttf'
need fonts-droid-fallback 'ls /usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf'
need fonts-dejavu-core 'ls /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'
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
# Servers that start by themselves are of no use here: the tests start their own, and a broker on port 1883
# would stand in the way of the demonstration.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $as tee $policy >/dev/null
	$as chmod +x $policy
	trap '$as rm -f $policy' EXIT
fi
$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
for service in mosquitto postgresql snmpd; do
	case "$missing " in *" $service "*) $as systemctl disable --quiet $service 2>/dev/null || true ;; esac
done
