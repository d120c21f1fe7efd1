#!/bin/sh
# Makes the user that the service runs as, and starts the service where systemd runs.
set -e
if ! getent passwd fengsui-edge >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/fengsui-edge --shell /usr/sbin/nologin fengsui-edge
fi
install -d -o fengsui-edge -g fengsui-edge -m 0750 /var/lib/fengsui-edge
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable --now fengsui-edge.service || true
  # A newer package runs in place of a program that the centre has sent.
  if [ -n "$2" ]; then systemctl try-restart fengsui-edge.service || true; fi
fi
