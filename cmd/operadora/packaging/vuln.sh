#!/usr/bin/env bash
# Known vulnerabilities in what is linked, by govulncheck, or why nobody knows.
#
#   VULNDB  the database: https://…, or file://… for a copy (default: https://vuln.go.dev)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
db=${VULNDB:-https://vuln.go.dev}

unreachable() {
  cat >&2 <<END
vuln: nothing was examined, for the vulnerability database cannot be read: $db
      $1
      Where the network has a way to it, run make vuln there. Elsewhere unpack a copy of
      https://vuln.go.dev/vulndb.zip, and run make vuln VULNDB=file:///where/it/is
END
  exit 2
}

case $db in
file://*) [ -e "${db#file://}/index/db.json" ] || unreachable "there is no ${db#file://}/index/db.json" ;;
*) why=$(curl -fsSL --max-time 20 -o /dev/null "$db/index/db.json" 2>&1) || unreachable "$why" ;;
esac
exec "${GO:-go}" run golang.org/x/vuln/cmd/govulncheck@latest -db "$db" ./...
