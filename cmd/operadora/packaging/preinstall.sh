#!/bin/sh
# The files of the package belong to the group operadora, so it is made before they are unpacked.
set -e
if ! getent passwd operadora >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/operadora --no-create-home --shell /usr/sbin/nologin \
    --comment "operadora contact centre" operadora
fi
