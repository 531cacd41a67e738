#!/usr/bin/env bash
# Builds kube-apiserver, kubectl and etcd once, outside the checkout, and prints the folder that holds all three (the
# only line on standard output). Binaries of the same versions are used again; one that is missing is built alone. Where
# KUBEBUILDER_ASSETS names a folder that has all three, nothing is built and that folder is printed.
# Needs only `go`. Cache folder: KANALI_TOOLS, else $XDG_CACHE_HOME/kanali-tools, else ~/.cache/kanali-tools.
# Must never write into the checkout, and must never print a folder whose binaries it has not run.
set -euo pipefail

kubernetes=1.36.3
etcd=3.6.16
tools=${KANALI_TOOLS:-${XDG_CACHE_HOME:-${HOME:?neither KANALI_TOOLS nor HOME is set}/.cache}/kanali-tools}

say() { printf 'apiserver.sh: %s\n' "$*" >&2; }

has_all() { [[ -x $1/kube-apiserver && -x $1/kubectl && -x $1/etcd ]]; }

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  if has_all "$KUBEBUILDER_ASSETS"; then
    printf '%s\n' "$KUBEBUILDER_ASSETS"
    exit 0
  fi
  say "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS has not all of kube-apiserver, kubectl and etcd; it is not used"
fi

apiserver_runs() { [[ -x $1 ]] && [[ $("$1" --version 2>/dev/null) == "Kubernetes v$kubernetes" ]]; }
kubectl_runs() { [[ -x $1 ]] && [[ $("$1" version --client 2>/dev/null) == "Client Version: v$kubernetes"* ]]; }
etcd_runs() { [[ -x $1 ]] && [[ $("$1" --version 2>/dev/null) == "etcd Version: $etcd"* ]]; }
fresh() {
  apiserver_runs "$tools/kube-apiserver" && kubectl_runs "$tools/kubectl" && etcd_runs "$tools/etcd"
}

if fresh; then
  printf '%s\n' "$tools"
  exit 0
fi

if ! command -v go >/dev/null; then
  say "kube-apiserver and kubectl $kubernetes and etcd $etcd are not all in $tools, and \`go\`, which builds them, is not on PATH."
  say 'Install Go 1.26 or newer and run this script again, or name a folder that holds all three in KUBEBUILDER_ASSETS.'
  exit 1
fi

mkdir -p -- "$tools"
exec 9>"$tools/apiserver.lock"
if command -v flock >/dev/null; then
  flock 9
  if fresh; then
    printf '%s\n' "$tools"
    exit 0
  fi
fi

work=$(mktemp -d -- "$tools/apiserver.build.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
export CGO_ENABLED=0
unset GOFLAGS

# The value of one field of a module's description, as \`go mod download -json\` prints it.
field() { sed -n "s/^[[:space:]]*\"$1\": \"\(.*\)\",\{0,1\}$/\1/p"; }

build_etcd() {
  say "building etcd $etcd with $(go version)"
  mkdir -- "$work/etcd"
  cd -- "$work/etcd"
  cat >go.mod <<EOF
module kanali.test/etcd

go 1.24

require go.etcd.io/etcd/server/v3 v$etcd
EOF
  cat >main.go <<'EOF'
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
EOF
  go mod tidy >&2
  go build -trimpath -ldflags '-s -w' -o "$work/etcd.bin" . >&2
}

# The staging modules are published beside the main one as v0.<minor>.<patch>; its go.mod names them all.
prepare_kubernetes() {
  mkdir -- "$work/kubernetes"
  cd -- "$work/kubernetes"
  local staged=v0.${kubernetes#1.} source
  source=$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | field GoMod)
  {
    printf 'module kanali.test/kubernetes\n\n%s\n\n' "$(grep -E '^go ' "$source")"
    grep -E '^godebug ' "$source" || true
    printf '\nrequire k8s.io/kubernetes v%s\n\n' "$kubernetes"
    sed -n 's/^[[:space:]]*\(replace \)\{0,1\}\(k8s\.io\/[a-z0-9-]*\) => \.\/staging\/.*$/\2/p' "$source" |
      while read -r module; do printf 'replace %s => %s %s\n' "$module" "$module" "$staged"; done
  } >go.mod
  cat >tools.go <<'EOF'
//go:build tools

package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
EOF
  go mod tidy >&2
}

build_kubernetes() {
  local name=$1 version=k8s.io/component-base/version
  say "building $name $kubernetes with $(go version); this takes some minutes the first time"
  [[ -d $work/kubernetes ]] || (prepare_kubernetes)
  cd -- "$work/kubernetes"
  go build -trimpath -o "$work/$name.bin" -ldflags \
    "-s -w -X $version.gitVersion=v$kubernetes -X $version.gitMajor=${kubernetes%%.*} -X $version.gitMinor=$(cut -d. -f2 <<<"$kubernetes")" \
    "k8s.io/kubernetes/cmd/$name" >&2
}

etcd_runs "$tools/etcd" || (build_etcd)
apiserver_runs "$tools/kube-apiserver" || (build_kubernetes kube-apiserver)
kubectl_runs "$tools/kubectl" || (build_kubernetes kubectl)

install_built() {
  local built=$1 name=$2 check=$3
  [[ -e $built ]] || return 0
  chmod +x -- "$built"
  if ! "$check" "$built"; then
    say "the build ended, but $name does not say the version that was asked for"
    exit 1
  fi
  mv -f -- "$built" "$tools/$name"
  say "built $tools/$name"
}
install_built "$work/etcd.bin" etcd etcd_runs
install_built "$work/kube-apiserver.bin" kube-apiserver apiserver_runs
install_built "$work/kubectl.bin" kubectl kubectl_runs
printf '%s\n' "$tools"
