#!/bin/sh
set -e
# dpkg says remove, purge or what else goes on; rpm how many are left.
case "$1" in
remove | 0)
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
  fi
  ;;
purge)
  rm -rf /etc/operadora # what was made by hand and by the installation, too
  if [ -e /var/lib/operadora ]; then
    echo "the records in /var/lib/operadora are kept: a law or a hold may want them; remove them by hand" >&2
  fi
  ;;
esac
