# Sourced by the scripts that build one program of a Go module for the bench: the cache folder, its lock, and what is
# said. Nothing here runs a build, writes into the checkout, or prints on standard output.
# Cache folder: KANALI_TOOLS, else $XDG_CACHE_HOME/kanali-tools, else ~/.cache/kanali-tools.

tools=${KANALI_TOOLS:-${XDG_CACHE_HOME:-${HOME:?neither KANALI_TOOLS nor HOME is set}/.cache}/kanali-tools}

say() { printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2; }

# need_go WHAT: ends the script where `go` is missing.
need_go() {
  command -v go >/dev/null && return
  say "$1 is not in $tools, and \`go\`, which builds it, is not on PATH."
  say 'Install Go 1.25 or newer and run this script again. Nothing but the bench needs it.'
  exit 1
}

# lock NAME: one build at a time, held until the script ends. Without flock builds may run twice, which harms nothing.
lock() {
  mkdir -p -- "$tools"
  exec 9>"$tools/$1.lock"
  if command -v flock >/dev/null; then flock 9; fi
}

# work_folder NAME: sets `work` to an empty folder in the cache that goes when the script ends. Go marks the files of
# modules read-only, hence the chmod.
work_folder() {
  work=$(mktemp -d -- "$tools/$1.build.XXXXXX")
  trap 'chmod -R u+w -- "$work" 2>/dev/null; rm -rf -- "$work"' EXIT
}
