#!/usr/bin/env bash
# Tries the packages that build.sh has made: in a Debian of their own, which knows nothing of this machine
# and which this machine's configuration never notices, the .deb is installed, upgraded, removed and purged,
# and the .rpm by its own scripts; then a call is served by what is installed, on the lab's Asterisk,
# and goes on while the package is upgraded.
#
#   CLEAN_DEBIAN  where the clean Debian is kept (default: debian in the lab)
set -euo pipefail
export LC_ALL=C
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
lab=${OPERADORA_LAB:-$PWD/.lab}
base=${CLEAN_DEBIAN:-$lab/debian}
work=$(mktemp -d "${TMPDIR:-/tmp}/operadora-package-XXXXXX")
trap 'rm -rf "$work"' EXIT
started=$SECONDS

say() { printf 'package-test: %s\n' "$*"; }
die() {
  printf 'package-test: %s\n' "$*" >&2
  exit 1
}
# is compares what came out with what must: is WHAT GOT WANT
is() { [ "$2" = "$3" ] || die "$1: $(printf '%q' "$2"), want $(printf '%q' "$3")"; }
# has looks for a text: has WHAT TEXT PATTERN
has() { grep -qE -- "$3" <<<"$2" || die "$1: nothing like $3 in: $2"; }

# clean_debian makes the Debian that all begin with, once.
clean_debian() {
  [ -e "$base/etc/debian_version" ] && return
  [ "$(id -u)" = 0 ] || die "debootstrap needs root"
  local missing=()
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  command -v rpm >/dev/null || missing+=(rpm)
  if [ ${#missing[@]} -gt 0 ]; then
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1 ||
      die "apt-get could not install ${missing[*]}: $(tail -n 1 "$work/apt.log")"
  fi
  local mirror
  mirror=${OPERADORA_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1)}
  say "fetching a clean Debian"
  debootstrap --variant=minbase --force-check-gpg "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$base.part" "${mirror:-http://deb.debian.org/debian}" >"$work/debootstrap.log" 2>&1 ||
    die "debootstrap failed: $(tail -n 1 "$work/debootstrap.log")"
  mv "$base.part" "$base"
}

# fresh copies it to $1, with a systemd that notes what it is asked to do.
fresh() {
  cp -a --reflink=auto "$base" "$1"
  mkdir -p "$1/run/systemd/system"
  cat >"$1/usr/bin/systemctl" <<'END'
#!/bin/sh
echo "$*" >>/systemctl.log
case "$1" in is-active) [ -e /operadora.runs ] ;; esac
END
  chmod 755 "$1/usr/bin/systemctl"
}

# inside runs a command in the Debian at $root, without this machine's mounts and processes.
inside() { unshare --mount --pid --fork --uts --ipc chroot "$root" "$@"; }
dpkg_inside() { inside dpkg --force-confdef --force-confold "$@" 2>&1; }
asked() { cat "$root/systemctl.log" 2>/dev/null; : >"$root/systemctl.log"; }
owned() { inside stat -c '%U:%G %a' "$1"; }
# user runs a command as the service does: its user, and what systemd would give it.
user() { inside setpriv --reuid operadora --regid operadora --clear-groups --no-new-privs "$@"; }

# next builds later packages of the same program, with a changed configuration and a new example.
next() {
  local tree=$work/later/dist/tree
  mkdir -p "$work/later/dist" "$work/later/cmd/operadora"
  cp -a dist/tree "$work/later/dist/"
  cp -a cmd/operadora/packaging "$work/later/cmd/operadora/"
  echo '# a later version has this line' >>"$tree/etc/operadora/operadora.yaml"
  echo 'queues: []' >"$tree/usr/share/operadora/definitions/of-a-later-version.yaml"
  local packager when
  when=$(git log -1 --format=%ct)
  for packager in deb rpm; do
    (cd "$work/later" && PACKAGE_VERSION="$version.later" PACKAGE_ARCH=$arch SOURCE_DATE_EPOCH=$when \
      $NFPM package --config cmd/operadora/packaging/nfpm.yaml --packager $packager --target "$work/later.$packager" >/dev/null)
  done
}

clean_debian
deb=$(ls -t dist/operadora_*.deb | head -n 1)
rpm=$(ls -t dist/operadora-*.rpm | head -n 1)
version=$(dpkg-deb -f "$deb" Version)
arch=$(dpkg-deb -f "$deb" Architecture)
next

say "$deb is installed"
root=$work/deb
fresh "$root"
cp "$deb" "$root/first.deb"
cp "$work/later.deb" "$root/later.deb"
out=$(dpkg_inside -i /first.deb)
has "what is said" "$out" 'installed and not started'
is "what systemd is asked" "$(asked)" "daemon-reload"
is "the user" "$(inside getent passwd operadora | cut -d: -f1,6,7)" operadora:/var/lib/operadora:/usr/sbin/nologin
for row in '/etc/operadora root:operadora 750' '/etc/operadora/operadora.yaml root:operadora 640' '/etc/operadora/credentials root:root 700' \
  '/etc/operadora/credentials/ari_password root:root 600' '/etc/operadora/definitions/queues.yaml root:root 644' '/usr/bin/operadora root:root 755' \
  '/usr/lib/systemd/system/operadora.service root:root 644' '/usr/share/man/man1/operadora-serve.1.gz root:root 644'; do
  is "${row%% *}" "$(owned "${row%% *}")" "${row#* }"
done
is "configuration files" "$(inside dpkg-query -W -f '${Conffiles}' operadora | awk '{ print $1 }' | grep -c '^/etc/operadora/')" "$(find dist/tree/etc -type f | wc -l)"
is "files of others that can be changed" "$(inside find /usr/bin/operadora /usr/share/operadora /usr/share/doc/operadora /etc/operadora -perm /022 -not -type l)" ""
has "version" "$(inside operadora version)" 'operadora .*'
inside operadora check >"$work/check" 2>&1 || die "check fails after the installation: $(cat "$work/check")"
# systemd has copied the credentials for the service's user; without them nobody else learns the password.
install -d "$root/run/credentials"
cp "$root/etc/operadora/credentials/ari_password" "$root/run/credentials/"
chmod 644 "$root/run/credentials/ari_password"
user env CREDENTIALS_DIRECTORY=/run/credentials operadora check >"$work/check" 2>&1 || die "check fails for the service: $(cat "$work/check")"
! user operadora check >"$work/check" 2>&1 || die "everybody reads the credentials"
has "why not" "$(cat "$work/check")" 'credentials/ari_password: permission denied'
bash -n "$root/usr/share/bash-completion/completions/operadora"
for sound in en es; do [ -n "$(ls "$root/usr/share/operadora/sounds/$sound/operadora")" ] || die "no prompts in $sound"; done
password=$(cat "$root/etc/operadora/credentials/ari_password")

say "it is upgraded, while it runs"
touch "$root/operadora.runs"
sed -i 's/^  level: "info"/  level: "debug"/' "$root/etc/operadora/operadora.yaml"
rm -r "$root/etc/operadora/definitions/flows" "$root/etc/operadora/definitions/dids.yaml"
before=$(find "$root/etc/operadora/definitions" -type f -exec sha256sum {} + | sort)
dpkg_inside -i /later.deb >"$work/out" || die "the upgrade fails: $(cat "$work/out")"
is "what systemd is asked" "$(asked)" $'daemon-reload\nis-active --quiet operadora\nrestart operadora'
is "the definitions" "$(find "$root/etc/operadora/definitions" -type f -exec sha256sum {} + | sort)" "$before"
is "the password" "$(cat "$root/etc/operadora/credentials/ari_password")" "$password"
has "the configuration" "$(cat "$root/etc/operadora/operadora.yaml")" 'level: "debug"'
has "the later one beside it" "$(cat "$root/etc/operadora/operadora.yaml.dpkg-dist")" 'a later version has this line'

say "it is upgraded with a fault in the definitions: what runs is left alone"
echo 'queues: [' >"$root/etc/operadora/definitions/queues.yaml"
out=$(dpkg_inside -i /first.deb)
has "what is said" "$out" 'was not restarted'
is "what systemd is asked" "$(asked)" $'daemon-reload\nis-active --quiet operadora'

say "it is removed, and purged"
echo kept >"$root/var/lib/records" && install -D "$root/var/lib/records" "$root/var/lib/operadora/operadora.db"
dpkg_inside -r operadora >"$work/out" || die "removing fails: $(cat "$work/out")"
is "what systemd is asked" "$(asked)" $'disable --now operadora\ndaemon-reload'
[ ! -e "$root/usr/bin/operadora" ] && [ ! -e "$root/usr/share/operadora" ] || die "the program is still there"
has "the configuration" "$(cat "$root/etc/operadora/operadora.yaml")" 'level: "debug"'
dpkg_inside -P operadora >"$work/out" || die "purging fails: $(cat "$work/out")"
[ ! -e "$root/etc/operadora" ] || die "purged, and left: $(find "$root/etc/operadora")"
[ -s "$root/var/lib/operadora/operadora.db" ] || die "the records are gone"
has "what is said" "$(cat "$work/out")" 'records in /var/lib/operadora are kept'

say "$rpm is installed, upgraded and removed"
root=$work/rpm
fresh "$root"
run_rpm() { rpm --root "$root" --dbpath /var/lib/rpm --nodeps --noplugins "$@" 2>&1; }
out=$(run_rpm -i "$rpm") || die "the .rpm is not installed: $out"
has "what is said" "$out" 'installed and not started'
is "what systemd is asked" "$(asked)" daemon-reload
for row in '/etc/operadora root:operadora 750' '/etc/operadora/operadora.yaml root:operadora 640' '/etc/operadora/credentials/ari_password root:root 600'; do
  is "${row%% *}" "$(owned "${row%% *}")" "${row#* }"
done
inside operadora check >"$work/check" 2>&1 || die "check fails after the installation: $(cat "$work/check")"
echo '# mine' >>"$root/etc/operadora/operadora.yaml"
rm -r "$root/etc/operadora/definitions/flows" "$root/etc/operadora/definitions/dids.yaml"
touch "$root/operadora.runs"
out=$(run_rpm -U "$work/later.rpm") || die "the .rpm is not upgraded: $out"
has "the configuration" "$(cat "$root/etc/operadora/operadora.yaml")" '^# mine'
[ ! -e "$root/etc/operadora/definitions/flows" ] || die "an upgrade adds definitions"
asked >/dev/null
out=$(run_rpm -e operadora) || die "the .rpm is not removed: $out"
is "what systemd is asked" "$(asked)" $'disable --now operadora\ndaemon-reload'
[ ! -e "$root/usr/bin/operadora" ] || die "the program is still there"

say "a call is served by what is installed, and goes on while it is upgraded"
root=$work/call
fresh "$root"
cp "$deb" "$root/first.deb"
cp "$work/later.deb" "$root/later.deb"
dpkg_inside -i /first.deb >"$work/out" || die "the installation fails: $(cat "$work/out")"
touch "$root/operadora.runs"
export -f inside dpkg_inside
root=$root INSTALLED=$root UPGRADE='dpkg_inside -i /later.deb' \
  ${GO:-go} test -tags package -count=1 -v -run '^TestInstalled$' ./cmd/operadora-lab/newcomer

say "the packages are in order, after $((SECONDS - started)) s"
