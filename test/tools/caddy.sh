#!/usr/bin/env bash
# Builds a current Caddy once, outside the checkout, for `npm run bench`, and prints the path of the binary (the only
# line on standard output). Distributions carry one that is years old. Needs only `go`; takes about two minutes.
# Must never write into the checkout, and must never print a path to a binary that it has not run.
set -euo pipefail

version=2.11.9
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/tools/go-program.sh
source "$here/go-program.sh"
binary=$tools/caddy

runs() { [[ -x $1 ]] && [[ $("$1" version 2>/dev/null) == "v$version" ]]; }

if ! runs "$binary"; then
  need_go "Caddy $version"
  lock caddy
fi
if ! runs "$binary"; then
  work_folder caddy
  say "building Caddy $version with $(go version)"
  # A program that is installed by its own module does not know its version unless it is told.
  (cd -- "$work" && env -u GOFLAGS GOBIN="$work" CGO_ENABLED=0 \
    go install -trimpath -ldflags "-s -w -X github.com/caddyserver/caddy/v2.CustomVersion=v$version" \
    "github.com/caddyserver/caddy/v2/cmd/caddy@v$version") >&2
  if ! runs "$work/caddy"; then
    say "the build ended, but $work/caddy does not say version $version"
    exit 1
  fi
  mv -f -- "$work/caddy" "$binary"
  say "built $binary"
fi
printf '%s\n' "$binary"
