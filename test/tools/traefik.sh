#!/usr/bin/env bash
# Builds Traefik from its Go module once, outside the checkout, for `npm run bench`, and prints the path of the binary
# (the only line on standard output). Needs only `go`; takes ten minutes and more. Its dashboard is left out.
# Must never write into the checkout, and must never print a path to a binary that it has not run.
set -euo pipefail

version=3.5.3
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/tools/go-program.sh
source "$here/go-program.sh"
binary=$tools/traefik

runs() { [[ -x $1 ]] && "$1" version 2>/dev/null | grep -Eq "^Version: +$version\$"; }

if ! runs "$binary"; then
  need_go "Traefik $version"
  lock traefik
fi
if ! runs "$binary"; then
  work_folder traefik
  say "building Traefik $version with $(go version)"
  # Its go.mod replaces modules, which `go install` of another module refuses: it is built as the main module instead.
  source=$(cd -- "$work" && env -u GOFLAGS go mod download -json "github.com/traefik/traefik/v3@v$version" |
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  cp -R -- "$source" "$work/module"
  chmod -R u+w -- "$work/module"
  # The embedded folder must hold a file; the built dashboard is not part of the module.
  mkdir -p -- "$work/module/webui/static"
  touch -- "$work/module/webui/static/placeholder.html"
  (cd -- "$work/module" && env GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=$version" \
    -o "$work/traefik" ./cmd/traefik) >&2
  if ! runs "$work/traefik"; then
    say "the build ended, but $work/traefik does not say version $version"
    exit 1
  fi
  mv -f -- "$work/traefik" "$binary"
  say "built $binary"
fi
printf '%s\n' "$binary"
