#!/usr/bin/env bash
# Builds the OpenTelemetry Collector of otelcol-builder.yaml once, outside the checkout, and prints the path of
# the binary (the only line on standard output). A binary built from the same version and manifest is used again.
# Needs only `go`. Cache folder: KANALI_TOOLS, else $XDG_CACHE_HOME/kanali-tools, else ~/.cache/kanali-tools.
# Must never write into the checkout, and must never print a path to a binary that it has not run.
set -euo pipefail

version=0.145.0
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
manifest=$here/otelcol-builder.yaml
tools=${KANALI_TOOLS:-${XDG_CACHE_HOME:-${HOME:?neither KANALI_TOOLS nor HOME is set}/.cache}/kanali-tools}
binary=$tools/otelcol
stamp=$tools/otelcol.manifest

say() { printf 'collector.sh: %s\n' "$*" >&2; }

runs() { [[ -x $1 ]] && [[ $("$1" --version 2>/dev/null) == *" $version" ]]; }

fresh() { runs "$binary" && cmp -s -- "$manifest" "$stamp"; }

if fresh; then
  printf '%s\n' "$binary"
  exit 0
fi

if ! command -v go >/dev/null; then
  say "the Collector $version is not in $tools, and \`go\`, which builds it, is not on PATH."
  say 'Install Go 1.24 or newer and run this script again, or put a binary named otelcol into that folder or on PATH.'
  exit 1
fi

mkdir -p -- "$tools"
exec 9>"$tools/otelcol.lock"
if command -v flock >/dev/null; then
  flock 9
  if fresh; then
    printf '%s\n' "$binary"
    exit 0
  fi
fi

work=$(mktemp -d -- "$tools/otelcol.build.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

say "building the Collector $version with $(go version); this takes some minutes the first time"
builder=$tools/builder-$version
if [[ ! -x $builder ]]; then
  (cd -- "$work" && env -u GOFLAGS GOBIN="$work/bin" CGO_ENABLED=0 \
    go install "go.opentelemetry.io/collector/cmd/builder@v$version") >&2
  mv -- "$work/bin/builder" "$builder"
fi

cp -- "$manifest" "$work/manifest.yaml"
(cd -- "$work" && env GOFLAGS= CGO_ENABLED=0 "$builder" --config=manifest.yaml) >&2

if ! runs "$work/otelcol/otelcol"; then
  say "the build ended, but $work/otelcol/otelcol does not say version $version"
  exit 1
fi
mv -f -- "$work/otelcol/otelcol" "$binary"
cp -- "$manifest" "$stamp"
say "built $binary"
printf '%s\n' "$binary"
