#!/usr/bin/env bash
# Prints the licences of everything that is in the program: Go and its modules, and what the pages
# bundle. What has none, or one that would bind the whole program, is an error.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

# licence prints the licence files in folder $2 of what is called $1; $3 is what it says of itself, should it have none.
licence() {
  local files
  files=$(find -L "$2" -maxdepth 1 -type f -regextype posix-extended -iregex '.*/(licen[cs]e|copying|notice|patents)([-._].*)?' | sort)
  if [ -z "$files" ] && [ -n "${3:-}" ]; then
    printf '%s\n%s\n--- says of itself\n\n%s\n\n' "$(printf '=%.0s' {1..100})" "$1" "$3"
    return
  fi
  if [ -z "$files" ]; then
    echo "licences: $1 has no licence in $2" >&2
    return 1
  fi
  printf '%s\n%s\n' "$(printf '=%.0s' {1..100})" "$1"
  while read -r file; do
    if grep -qE 'GNU (AFFERO |LESSER |LIBRARY )?GENERAL PUBLIC LICENSE' "$file"; then
      echo "licences: $1 is under a GNU licence ($file): it must not be linked" >&2
      return 1
    fi
    printf -- '--- %s\n\n' "$(basename "$file")"
    tr -d '\r' <"$file"
    echo
  done <<<"$files"
}

licence "Go, its runtime and standard library, $(go env GOVERSION)" "$(go env GOROOT)"
CGO_ENABLED=0 go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/operadora |
  sort -u | while read -r path version dir; do licence "$path $version" "$dir"; done
(cd api/web && npm ls --all --omit=dev --parseable --long 2>/dev/null) | sort -u | while IFS=: read -r dir name _; do
  case $dir in */node_modules/*) licence "$name (pages)" "$dir" "$(node -p 'const p = require(process.argv[1] + "/package.json"); p.license === "MIT" ? `MIT, ${p.author?.name ?? p.author ?? p.repository?.url}` : ""' "$dir")" ;; esac
done
