#!/bin/sh
set -e
# dpkg says remove (and upgrade, when it goes on); rpm how many are left.
case "$1" in
remove | 0)
  if [ -d /run/systemd/system ]; then
    systemctl disable --now operadora || true # it may be masked, or never have been enabled
  fi
  ;;
esac
