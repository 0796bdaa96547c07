#!/bin/sh
set -e
# dpkg says configure and which version was there before, if any; rpm how many are there now.
case "$1:$2" in
configure: | 1:*) first=yes ;;
configure:* | [2-9]:*) first=no ;;
*) exit 0 ;;
esac
etc=/etc/operadora

# The password by which operadora and Asterisk (or FreeSWITCH) know one another is made here: none has a default.
if [ ! -e $etc/credentials/ari_password ]; then
  (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >$etc/credentials/ari_password)
fi

# Definitions are the centre's own: a package begins them, and never adds to them.
if [ $first = yes ] && [ ! -e $etc/definitions ]; then
  cp -R /usr/share/operadora/definitions $etc/definitions
fi

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  if [ $first = no ] && systemctl is-active --quiet operadora; then
    if /usr/bin/operadora check --config $etc/operadora.yaml >/dev/null; then
      systemctl restart operadora # calls go on in the PBX and are taken up again
    else
      echo "operadora was not restarted, for the new one finds faults in $etc (operadora check); the old one goes on." >&2
    fi
  fi
fi
if [ $first = yes ]; then
  echo "operadora is installed and not started; what is next: /usr/share/doc/operadora/README.md"
fi
