// Where the real programs are that some tests need and `npm ci` cannot bring: on PATH, in the folder that
// KANALI_TOOLS names, or in the cache that the scripts beside this file fill. Nothing is built or installed here.

import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

export type Tool = { readonly path: string } | { readonly missing: string }

/** How a person gets each program; a name that is not here is still looked for. */
const HOW_TO_GET: Readonly<Record<string, string>> = {
  otelcol: 'run test/tools/collector.sh (needs go), or put a binary named otelcol on PATH',
  'kube-apiserver': 'run test/tools/apiserver.sh (needs go), or name its folder in KUBEBUILDER_ASSETS',
  kubectl: 'run test/tools/apiserver.sh (needs go), or name its folder in KUBEBUILDER_ASSETS',
  etcd: 'run test/tools/apiserver.sh (needs go), or name its folder in KUBEBUILDER_ASSETS',
  nginx: 'apt-get install nginx-light',
  curl: 'apt-get install curl',
  'redis-server': 'apt-get install redis-server',
  'redis-cli': 'apt-get install redis-tools',
  openssl: 'apt-get install openssl',
  ip: 'apt-get install iproute2',
  prometheus: 'apt-get install prometheus',
  promtool: 'apt-get install prometheus',
  'prometheus-alertmanager': 'apt-get install prometheus-alertmanager',
  amtool: 'apt-get install prometheus-alertmanager',
  chromium: 'apt-get install chromium',
  haproxy: 'apt-get install haproxy',
  caddy: 'run test/tools/caddy.sh (needs go), or put a binary named caddy on PATH',
  traefik: 'run test/tools/traefik.sh (needs go), or put a binary named traefik on PATH',
  wrk: 'apt-get install wrk',
  taskset: 'apt-get install util-linux',
  chrt: 'apt-get install util-linux',
}

/** Programs whose version matters: those on PATH (Debian's etcd, kubectl and caddy are too old) come last. */
const VERSIONED: ReadonlySet<string> = new Set(['kube-apiserver', 'kubectl', 'etcd', 'caddy'])

/** Programs for administrators are often there without being on a user's PATH. */
const ALSO_IN = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The path of the program, or how to get it. PATH wins over the tools folder, so that a person can override. */
export function findTool(name: string, env: NodeJS.ProcessEnv = process.env): Tool {
  const onPath = (env['PATH'] ?? '').split(path.delimiter)
  const folders = VERSIONED.has(name)
    ? [env['KUBEBUILDER_ASSETS'] ?? '', toolsFolder(env), ...onPath]
    : [...onPath, toolsFolder(env), ...ALSO_IN]
  for (const folder of folders) {
    if (folder === '') continue
    const candidate = path.join(folder, name)
    if (isExecutable(candidate)) return { path: candidate }
  }
  return { missing: `${name} is not there: ${HOW_TO_GET[name] ?? 'install it and put it on PATH'}` }
}

/** True where the absence of a program is a failure, not a skip (CI sets KANALI_REQUIRE_TOOLS=1). */
export function toolsAreRequired(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['KANALI_REQUIRE_TOOLS'] === '1'
}

/**
 * For use inside a test: the path of the program. Where it is missing, the test is skipped with a reason that
 * names how to get it, or fails with that reason where tools are required.
 */
export function requireTool(
  name: string,
  context: { skip(note: string): never },
  env: NodeJS.ProcessEnv = process.env,
): string {
  const tool = findTool(name, env)
  if ('path' in tool) return tool.path
  if (toolsAreRequired(env)) throw new Error(`KANALI_REQUIRE_TOOLS=1, but ${tool.missing}`)
  process.stderr.write(`SKIPPED: ${tool.missing}\n`)
  return context.skip(tool.missing)
}

/** The folder that the scripts in test/tools/ fill; the same rule as in those scripts. */
function toolsFolder(env: NodeJS.ProcessEnv): string {
  if (env['KANALI_TOOLS']) return env['KANALI_TOOLS']
  return path.join(env['XDG_CACHE_HOME'] || path.join(env['HOME'] || homedir(), '.cache'), 'kanali-tools')
}

function isExecutable(candidate: string): boolean {
  try {
    accessSync(candidate, constants.X_OK)
    return statSync(candidate).isFile()
  } catch {
    return false
  }
}
