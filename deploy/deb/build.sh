#!/bin/sh
# Builds the Debian packages of this machine's architecture from bin/ into dist/.
# Usage: build.sh VERSION NFPM_MODULE
set -eu
VERSION=$1
ARCH=$(go env GOARCH)
export VERSION ARCH
mkdir -p dist
for p in central edge; do
  go run "$2" package --config "deploy/deb/$p.yaml" --packager deb --target dist/
done
ls -l dist/*.deb
