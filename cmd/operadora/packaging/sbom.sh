#!/usr/bin/env bash
# What is in the program that build.sh has made, as CycloneDX: dist/operadora.cdx.json has Go's modules with
# their licences, as the program itself tells them, dist/pages.cdx.json what the pages are made of, and with.
#
#   CYCLONEDX  command that lists a program's modules (the Makefile pins it)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
$CYCLONEDX bin -json -licenses -std -version "$(git rev-parse HEAD)" -output dist/operadora.cdx.json dist/tree/usr/bin/operadora 2>/dev/null
(cd api/web && npm sbom --sbom-format cyclonedx --package-lock-only) >dist/pages.cdx.json
ls -1 dist/*.cdx.json
