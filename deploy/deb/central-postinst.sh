#!/bin/sh
# Makes the user that the service runs as, and starts the service where systemd runs.
set -e
if ! getent passwd fengsui >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/fengsui --shell /usr/sbin/nologin fengsui
fi
install -d -o fengsui -g fengsui -m 0750 /var/lib/fengsui
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable --now fengsui-central.service || true
fi
