#!/usr/bin/env bash
# What is in the program, as CycloneDX: dist/operadora.cdx.json has Go's modules with their licences,
# dist/pages.cdx.json what the pages bundle.
#
#   CYCLONEDX  command that lists Go's modules (the Makefile pins it)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
mkdir -p dist
CGO_ENABLED=0 $CYCLONEDX app -json -licenses -std -main cmd/operadora -output dist/operadora.cdx.json . 2>&1 | grep -v ' INF ' || true
[ -s dist/operadora.cdx.json ]
(cd api/web && npm sbom --sbom-format cyclonedx --omit dev) >dist/pages.cdx.json
ls -1 dist/*.cdx.json
