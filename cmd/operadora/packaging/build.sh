#!/usr/bin/env bash
# Builds dist/operadora_VERSION_ARCH.deb and .rpm, of what this checkout has. The same commit gives the
# same bytes, whoever builds it and wherever (`make reproducible`): nothing in it tells of time or place.
#
#   PACKAGE_VERSION  version of the package (default: the tag v…, else the commit's time and hash)
#   NFPM             command that makes packages (the Makefile pins it)
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

here=cmd/operadora/packaging
tree=dist/tree
share=$tree/usr/share/operadora
doc=$tree/usr/share/doc/operadora
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
PACKAGE_ARCH=$(go env GOARCH)
if [ -z "${PACKAGE_VERSION:-}" ]; then
  PACKAGE_VERSION=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null | sed 's/^v//') ||
    PACKAGE_VERSION=0~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$(git rev-parse --short=10 HEAD)
fi
[ -z "$(git status --porcelain)" ] || PACKAGE_VERSION+=.changed # nobody can build the same again
export SOURCE_DATE_EPOCH PACKAGE_ARCH PACKAGE_VERSION

die() {
  printf 'package: %s\n' "$*" >&2
  exit 1
}
[ -e api/web/dist/index.html ] || die "the pages are not built: that needs Node 20 with npm (make web)"
command -v espeak-ng >/dev/null || die "espeak-ng, which speaks the prompts, is missing: make setup, or apt install espeak-ng"

rm -rf dist/tree dist/init
mkdir -p $tree/usr/bin $tree/etc $tree/var/lib/operadora $share $doc
# The program: no libc, so that it runs on any distribution and in an image with nothing else in it.
GOFLAGS= CGO_ENABLED=0 go build -trimpath -ldflags='-s -w -buildid=' -o $tree/usr/bin/operadora ./cmd/operadora
operadora=$tree/usr/bin/operadora

# Configuration and definitions to begin with. The password is made where the package is installed.
$operadora init --dir dist/init --admin '' \
  --set records.dsn=sqlite:/var/lib/operadora/operadora.db \
  --set pbxs.main.ari.password=credential:ari_password >/dev/null
mkdir -p $tree/etc/operadora
mv dist/init/operadora.yaml dist/init/schemas $tree/etc/operadora/
mv dist/init/definitions $share/

# What the flows say, for `operadora sounds speak --from`.
mkdir -p $share/sounds dist/init/credentials
mv $share/definitions dist/init/
cp $tree/etc/operadora/operadora.yaml dist/init/
echo unused >dist/init/credentials/ari_password
env -u CREDENTIALS_DIRECTORY $operadora sounds speak --all --config dist/init/operadora.yaml --dir $share/sounds >/dev/null
mv dist/init/definitions $share/
rm -rf dist/init

$operadora manual --dir $tree/usr/share/man/man1
gzip -9n $tree/usr/share/man/man1/*.1
install -d $tree/usr/share/bash-completion/completions $tree/usr/share/zsh/site-functions $tree/usr/share/fish/vendor_completions.d
$operadora completion bash >$tree/usr/share/bash-completion/completions/operadora
$operadora completion zsh >$tree/usr/share/zsh/site-functions/_operadora
$operadora completion fish >$tree/usr/share/fish/vendor_completions.d/operadora.fish

install -D -m 644 $here/operadora.service $tree/usr/lib/systemd/system/operadora.service
cp -R $here/monitoring $here/container $share/
for readme in README.md CHANGELOG.md cmd/operadora/THREATS.md ./*/README.md $here/README.md; do # as they lie here, so that their links lead somewhere
  install -D -m 644 "$readme" "$doc/$readme"
done
bash $here/licences.sh >$doc/LICENCES.txt
{
  printf 'operadora is under the licence below; what is linked into it and its pages under those in LICENCES.txt.\n\n'
  cat LICENSE
} >$doc/copyright

find $tree -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
for packager in deb rpm; do
  $NFPM package --config $here/nfpm.yaml --packager $packager --target dist/ >/dev/null
done
ls -1 dist/*"$PACKAGE_VERSION"*.deb dist/*"$PACKAGE_VERSION"*.rpm
