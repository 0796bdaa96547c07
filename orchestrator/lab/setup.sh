#!/usr/bin/env bash
# Builds the private lab that tests, benches and the demo run on: an Asterisk
# of its own with English and Spanish sounds, redis-server and SIPp. Safe to
# run again at any time; what is there already is kept, and an interrupted run
# goes on where it stopped.
#
#   OPERADORA_LAB       folder of the lab       (default: .lab in the checkout)
#   OPERADORA_ASTERISK  sid | bullseye | system (default: sid, Asterisk 22)
#   OPERADORA_MIRROR    Debian mirror           (default: the one apt uses here)
#   OPERADORA_KEYRING   keyring that verifies the mirror's signatures
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=${OPERADORA_LAB:-$(cd "$here/../.." && pwd)/.lab}
source=${OPERADORA_ASTERISK:-sid}
keyring=${OPERADORA_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
started=$SECONDS

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: cannot go on: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# install_missing installs the Debian packages whose program is absent, in one
# apt-get call. redis-tools holds the redis-server program without the service
# that the redis-server package would start and enable.
install_missing() {
  local missing=() pair
  for pair in debootstrap:debootstrap sipp:sip-tester espeak-ng:espeak-ng sox:sox; do
    have "${pair%%:*}" || missing+=("${pair##*:}")
  done
  have redis-server || have redis-check-rdb || missing+=(redis-tools)
  [ ${#missing[@]} -eq 0 ] && return
  [ "$source" != system ] || mapfile -t missing < <(printf '%s\n' "${missing[@]}" | grep -vx debootstrap)
  have apt-get || die "these programs must be installed first: ${missing[*]} (there is no apt-get here to do it)"
  [ "$(id -u)" = 0 ] || die "root must first run: apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  apt-get -q update >"$lab/work/apt.log" 2>&1 || say "apt-get update had errors, see $lab/work/apt.log"
  DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}" \
    >>"$lab/work/apt.log" 2>&1 </dev/null || die "apt-get could not install ${missing[*]}; see $lab/work/apt.log"
}

# mirror prints the mirror that this machine's own apt uses for Debian.
mirror() {
  if [ -n "${OPERADORA_MIRROR:-}" ]; then
    printf '%s\n' "${OPERADORA_MIRROR%/}"
    return
  fi
  local found
  found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1)
  if [ -z "$found" ]; then
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
      sed 's/#.*//' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ')
  fi
  found=${found:-http://deb.debian.org/debian}
  printf '%s\n' "${found%/}"
}

# newer_keyring prints a keyring that can verify suite $2 of mirror $1: the
# installed one when it can, else the one out of the newest
# debian-archive-keyring package that apt can itself verify with the installed
# one. A newer suite's keyring is signed by the older suite's keys, so the
# chain of trust is never cut.
newer_keyring() {
  local from=$1 suite=$2 work="$lab/work/keyring" try
  rm -rf "$work"
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
  wget -q -O "$work/InRelease" "$from/dists/$suite/InRelease" ||
    die "the Debian mirror $from does not serve $suite (try OPERADORA_ASTERISK=bullseye, or system with an Asterisk that is installed)"
  if gpgv --keyring "$keyring" "$work/InRelease" >"$work/gpgv.log" 2>&1; then
    printf '%s\n' "$keyring"
    return
  fi
  for try in "$(. /etc/os-release && printf %s "${VERSION_CODENAME:-stable}")" stable testing; do
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$from" "$try" >"$work/sources.list"
    local apt=(apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
      -o "Dir::State=$work/state" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
    "${apt[@]}" update >>"$work/apt.log" 2>&1 || continue
    (cd "$work" && rm -f ./*.deb && "${apt[@]}" download debian-archive-keyring >>apt.log 2>&1) || continue
    dpkg-deb -x "$work"/debian-archive-keyring_*.deb "$work/x"
    local newer
    newer=$(find "$work/x/usr/share/keyrings" -name 'debian-archive-keyring.*' | head -n 1)
    if [ -n "$newer" ] && gpgv --keyring "$newer" "$work/InRelease" >>"$work/gpgv.log" 2>&1; then
      printf '%s\n' "$newer"
      return
    fi
  done
  die "no keyring that Debian's own packages vouch for verifies $suite on $from; see $work/gpgv.log"
}

# fetch_tree downloads Asterisk of suite $1 with everything it needs
# (debootstrap checks the signature and every file's hash) and unpacks it into
# $lab/asterisk. Nothing of it is run or configured as a system, so it needs no
# chroot, no mount and no account; the lab starts it through its own loader.
fetch_tree() {
  local suite=$1 from ring target="$lab/work/bootstrap-$1" tree="$lab/work/tree-$1" deb n=0 total
  [ "$(id -u)" = 0 ] || die "debootstrap needs root to fetch Asterisk (or set OPERADORA_ASTERISK=system to use an Asterisk that is installed)"
  from=$(mirror)
  ring=$(newer_keyring "$from" "$suite")
  say "fetching Asterisk of Debian $suite from $from (about 100 MB)"
  mkdir -p "$target"
  if ! debootstrap --variant=minbase --download-only --force-check-gpg --keyring="$ring" \
    --include=asterisk,asterisk-core-sounds-en-gsm,asterisk-core-sounds-es-gsm \
    "$suite" "$target" "$from" 2>&1 | tee "$lab/work/debootstrap.log" | count_progress; then
    die "debootstrap could not fetch Asterisk: $(grep -E '^(E|W):' "$lab/work/debootstrap.log" | tail -n 1); run it again to go on, see $lab/work/debootstrap.log"
  fi
  say "unpacking"
  rm -rf "$tree"
  mkdir -p "$tree"
  total=$(find "$target/var/cache/apt/archives" -name '*.deb' | wc -l)
  for deb in "$target"/var/cache/apt/archives/*.deb; do
    n=$((n + 1))
    [ $((n % 50)) -ne 0 ] || say "  $n of $total packages"
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree" --no-same-owner --exclude=./usr/bin --exclude=./bin \
      --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale --exclude=./usr/share/info \
      --exclude=./usr/share/zoneinfo --exclude=./var --exclude=./etc
  done
  find "$tree" -type f -perm /6000 -exec chmod a-s {} +
  rm -rf "$lab/asterisk"
  mv "$tree" "$lab/asterisk"
  rm -rf "$target"
}

# count_progress turns debootstrap's line per package into one line per fifty.
count_progress() {
  awk '/^I: Retrieving/ { n++; if (n % 50 == 0) { printf "setup:   %d files\n", n; fflush() } }'
}

# link_data gathers what Asterisk reads at run time (documentation, sounds of
# both languages, hold music) from data folder $1 into $lab/data, which all
# private instances share.
link_data() {
  local from=$1 next="$lab/work/data" pair lang sounds
  rm -rf "$next"
  mkdir -p "$next/sounds" "$next/moh"
  cp -r "$from/documentation" "$from/rest-api" "$next/" 2>/dev/null || true
  for pair in en:en_US_f_Allison en:en es:es_MX_f_Allison es:es; do
    lang=${pair%%:*} sounds=$from/sounds/${pair##*:}
    if [ -d "$sounds" ] && [ ! -d "$next/sounds/$lang" ]; then
      cp -rL "$sounds" "$next/sounds/$lang"
    fi
    mkdir -p "$next/sounds/$lang"
  done
  rm -rf "$lab/data"
  mv "$next" "$lab/data"
}

# speak_prompts turns the lines of prompts.tsv that are new or changed into
# 8 kHz mono files that Asterisk plays as operadora/<name>. Each file is renamed
# into place, so that calls that play meanwhile are not disturbed.
speak_prompts() {
  local next="$lab/work/prompts" spoken="$lab/data/prompts.spoken" tab=$'\t' name en es lang voice text file n=0
  # The table is copied last: while it is the same, everything is there.
  if cmp -s "$here/prompts.tsv" "$spoken"; then
    say "prompts are up to date"
    return
  fi
  rm -rf "$next"
  mkdir -p "$next" "$lab/data/sounds/en/operadora" "$lab/data/sounds/es/operadora"
  while IFS=$tab read -r name en es; do
    case $name in '' | '#'*) continue ;; esac
    [ -n "$en" ] && [ -n "$es" ] || die "prompts.tsv has no text in both languages for $name"
    if [ -s "$lab/data/sounds/en/operadora/$name.wav" ] && [ -s "$lab/data/sounds/es/operadora/$name.wav" ] &&
      grep -Fxqs -- "$name$tab$en$tab$es" "$spoken"; then
      continue
    fi
    [ $n -ne 0 ] || say "speaking prompts in English and Spanish"
    n=$((n + 1))
    for lang in en es; do
      if [ $lang = en ]; then voice=en-us text=$en; else voice=es-419 text=$es; fi
      espeak-ng -v $voice -s 155 -g 4 -w "$next/raw.wav" -- "$text"
      sox "$next/raw.wav" -r 8000 -c 1 -b 16 "$next/$name.wav" gain -n -4
      mv "$next/$name.wav" "$lab/data/sounds/$lang/operadora/$name.wav"
    done
    printf '%s\t%s\t%s\n' "$name" "$en" "$es" >>"$spoken"
  done <"$here/prompts.tsv"
  for file in "$lab"/data/sounds/e[ns]/operadora/*.wav; do
    grep -qE "^$(basename "$file" .wav)$tab" "$here/prompts.tsv" || rm -f "$file"
  done
  [ -s "$lab/data/moh/hold.wav" ] || make_hold_music "$next"
  cp "$here/prompts.tsv" "$next/spoken"
  mv "$next/spoken" "$spoken"
  rm -rf "$next"
  say "$n prompts spoken anew, $(grep -cv '^#' "$spoken") in all"
}

# make_hold_music plucks a quiet chord, over and over, for half a minute.
make_hold_music() {
  sox -n -r 8000 -c 1 -b 16 "$1/hold.wav" synth 3 pluck C3 pluck G3 pluck E4 pluck B3 \
    delay 0 0.4 0.8 1.2 remix - fade 0.05 3 0.5 norm -16 pad 0 0.5 repeat 7
  mv "$1/hold.wav" "$lab/data/moh/hold.wav"
}

# describe writes lab.env, the file by which the Go package knows a complete
# lab. Paths inside the lab are relative to it, so that the folder can move.
describe() {
  local version=$1
  {
    printf 'source=%s\nversion=%s\n' "$source" "$version"
    printf 'loader=%s\nlibraries=%s\nasterisk=%s\nmodules=%s\n' "$loader" "$libraries" "$binary" "$modules"
    printf 'data=data\nredis=bin/redis-server\nsipp=%s\n' "$(command -v sipp)"
  } >"$lab/work/lab.env"
  mv "$lab/work/lab.env" "$lab/lab.env"
}

# find_installed sets the same for an Asterisk that is installed on the machine:
# its own asterisk.conf says where its parts are, else they are where packages
# and `make install` put them. Only these are used, never its configuration.
find_installed() {
  local conf=/etc/asterisk/asterisk.conf candidate
  binary=$(command -v asterisk || echo /usr/sbin/asterisk)
  [ -x "$binary" ] || die "OPERADORA_ASTERISK=system, but no asterisk program is installed"
  loader='' libraries='' modules='' datadir=''
  for candidate in "$(setting astmoddir $conf)" /usr/lib/*/asterisk/modules /usr/lib/asterisk/modules \
    /usr/lib64/asterisk/modules /usr/local/lib/asterisk/modules; do
    [ -n "$modules" ] || [ ! -e "$candidate/res_stasis.so" ] || modules=$candidate
  done
  [ -n "$modules" ] || die "the installed asterisk has no res_stasis.so module, which ARI needs"
  for candidate in "$(setting astdatadir $conf)" /usr/share/asterisk /var/lib/asterisk /usr/local/share/asterisk; do
    [ -n "$datadir" ] || [ ! -d "$candidate/documentation" ] || datadir=$candidate
  done
  [ -n "$datadir" ] || die "the installed asterisk has no data folder with its documentation, without which it does not start"
}

# setting prints the value of key $1 in asterisk.conf $2.
setting() { sed -nE "s/^[[:space:]]*$1[[:space:]]*=>?[[:space:]]*([^;[:space:]]+).*/\1/p" "$2" 2>/dev/null | head -n 1; }

# find_asterisk sets loader, libraries, binary, modules and datadir for the
# chosen source, fetching the tree when it is not there.
find_asterisk() {
  if [ "$source" = system ]; then
    find_installed
    return
  fi
  if [ "$(cat "$lab/asterisk/suite" 2>/dev/null)" != "$source" ]; then
    fetch_tree "$source"
    printf '%s\n' "$source" >"$lab/asterisk/suite"
  fi
  local root="$lab/asterisk" arch
  modules=$(cd "$lab" && find asterisk/usr/lib -path '*/asterisk/modules' -type d | head -n 1)
  [ -n "$modules" ] || die "the fetched tree has no Asterisk modules; remove $root and run it again"
  arch=$(cd "$root/usr/lib" && find . -maxdepth 1 -name '*-linux-gnu*' -type d | head -n 1)
  arch=${arch#./}
  loader=$(cd "$lab" && find asterisk/usr/lib asterisk/lib -maxdepth 2 \( -name 'ld-linux*.so*' -o -name 'ld-2*.so' -o -name 'ld64.so*' \) -type f 2>/dev/null | head -n 1)
  [ -n "$loader" ] || die "the fetched tree has no program loader; remove $root and run it again"
  # Bullseye keeps Asterisk's own libraries in usr/lib itself.
  libraries=asterisk/usr/lib/$arch:asterisk/lib/$arch:asterisk/usr/lib
  binary=asterisk/usr/sbin/asterisk
  datadir=$root/usr/share/asterisk
}

# absolute prefixes the lab's folder to each part of a colon-separated list.
absolute() { sed "s#\(^\|:\)\([^/:]\)#\1$lab/\2#g" <<<"$1"; }

main() {
  case $source in sid | bullseye | system) ;; *) die "OPERADORA_ASTERISK is '$source', not sid, bullseye or system" ;; esac
  mkdir -p "$lab/work" "$lab/bin" || die "the folder $lab cannot be written"
  # The lock is passed on to debootstrap and apt-get: when this script alone is
  # killed, the next one waits until what it had started is through.
  exec 9>"$lab/work/lock"
  flock -n 9 || {
    say "another setup works on $lab; waiting for it"
    flock -w 1800 9 || die "another setup has held $lab for half an hour"
  }
  install_missing
  local loader libraries binary modules datadir stamp version
  find_asterisk
  stamp="$source $binary $modules"
  if [ "$(cat "$lab/data/data.stamp" 2>/dev/null)" != "$stamp" ]; then
    say "gathering sounds"
    link_data "$datadir"
    printf '%s\n' "$stamp" >"$lab/data/data.stamp"
  fi
  speak_prompts
  ln -sfn "$(command -v redis-server || command -v redis-check-rdb)" "$lab/bin/redis-server"
  if [ -n "$loader" ]; then
    version=$("$(absolute "$loader")" --library-path "$(absolute "$libraries")" "$(absolute "$binary")" -V) ||
      die "the fetched Asterisk does not start on this machine"
  else
    version=$("$binary" -V) || die "the installed Asterisk does not start"
  fi
  describe "$version"
  say "ready in $((SECONDS - started)) s: $version, $("$lab/bin/redis-server" --version | cut -d ' ' -f 1-3), $(sipp -v 2>&1 | grep -oE 'SIPp v[0-9.]+' | head -n 1), in $lab"
}

main "$@"
