#!/usr/bin/env bash
# Builds the packages a second time, from a clone of the commit in another folder, at another hour of
# another zone and under another umask, and compares what `make package` has built byte by byte.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
cd "$root"
[ -z "$(git status --porcelain)" ] || {
  echo "reproducible: what is not committed is not in a clone: commit first" >&2
  exit 1
}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git clone -q --shared . "$copy/elsewhere"
cp -a api/web/node_modules "$copy/elsewhere/api/web/"
(
  export TZ=Pacific/Kiritimati
  umask 077
  cd "$copy/elsewhere"
  ln -s "$root/.lab" .lab
  make --no-print-directory web
  bash cmd/operadora/packaging/build.sh >/dev/null
)
different=0
for first in dist/operadora[-_]*.deb dist/operadora-*.rpm; do
  second=$copy/elsewhere/$first
  [ -e "$second" ] || continue # of another commit
  if cmp -s "$first" "$second"; then
    sha256sum "$first"
  else
    echo "reproducible: $first is different" >&2
    mkdir -p dist/other && cp "$second" dist/other/
    different=1
  fi
done
diff -rq dist/tree "$copy/elsewhere/dist/tree" >&2 || different=1
exit $different
