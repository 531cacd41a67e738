// Access by a kubeconfig file with all its ways to authenticate: tokens, token files, client certificates, exec plugins,
// OIDC. @kubernetes/client-node knows most of them; it is loaded here alone and only when it is needed, for it costs a
// second and 87 MB. Its watch is never used (docs/decisions/0011).

import type { KubeConfig } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import type { Access, Credentials, ServerTls } from './access.ts'

/** @returns a problem, one line, where the file cannot be used */
export async function kubeconfigAccess(file: string): Promise<Access | { readonly problem: string }> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  try {
    return new KubeconfigAccess(path.resolve(file), () => new KubeConfig())
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read'
    return { problem: `kubernetes.kubeconfig: ${file}: ${why.split('\n', 1)[0]}` }
  }
}

class KubeconfigAccess implements Access {
  readonly server: string
  readonly namespace: string | undefined
  readonly #file: string
  readonly #make: () => KubeConfig
  #loaded: Loaded

  constructor(file: string, make: () => KubeConfig) {
    this.#file = file
    this.#make = make
    this.#loaded = load(file, make())
    const { config, cluster } = this.#loaded
    this.server = cluster.server.replace(/\/+$/, '')
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace
  }

  async credentials(): Promise<Credentials> {
    const { config, cluster, tokenFile } = this.#loaded
    const options: ApplicableOptions = {}
    await config.applyToHTTPSOptions(options)
    const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
    const bearer = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim()
    return {
      headers: {
        ...(Object.fromEntries(headers) as Record<string, string>),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      tls: tlsOf(options),
      ...(cluster.proxyUrl !== undefined && { proxy: cluster.proxyUrl }),
    }
  }

  /** An exec plugin's credential without an expiry would else be kept for ever. */
  renew(): void {
    try {
      this.#loaded = load(this.#file, this.#make())
    } catch {
      // A file that is being replaced: what was loaded stays until it can be read again.
    }
  }
}

interface Loaded {
  readonly config: KubeConfig
  readonly cluster: NonNullable<ReturnType<KubeConfig['getCurrentCluster']>>
  readonly tokenFile: string | undefined
}

/** Throws with a message for the person who wrote the file. */
function load(file: string, config: KubeConfig): Loaded {
  const text = readFileSync(file, 'utf8')
  config.loadFromString(text)
  config.makePathsAbsolute(path.dirname(file))
  const cluster = config.getCurrentCluster()
  const user = config.getCurrentUser()
  if (cluster === null) throw new Error('its current context names no cluster that it has')
  if (user === null) throw new Error('its current context names no user that it has')
  if (!URL.canParse(cluster.server)) throw new Error(`the server of cluster ${cluster.name} is no address`)
  if (cluster.proxyUrl?.startsWith('socks') === true) {
    throw new Error(
      `the proxy-url of cluster ${cluster.name} is a SOCKS proxy; only HTTP proxies can be used`,
    )
  }
  announceExecInfo(user)
  return { config, cluster, tokenFile: tokenFileOf(text, user.name, path.dirname(file)) }
}

/** What the exec protocol promises to the plugin (client.authentication.k8s.io) and client-node leaves out. */
function announceExecInfo(user: NonNullable<ReturnType<KubeConfig['getCurrentUser']>>): void {
  const exec = user.exec as { apiVersion?: unknown; env?: { name: string; value: string }[] } | undefined
  if (exec === undefined || exec === null) return
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } }
  exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
}

/** client-node reads `token-file` once; the field is called `tokenFile`, and the file is renewed. */
function tokenFileOf(text: string, user: string, folder: string): string | undefined {
  const { users = [] } = parse(text) as {
    users?: { name?: unknown; user?: { tokenFile?: unknown; 'token-file'?: unknown } | null }[]
  }
  const found = users.find(({ name }) => name === user)?.user
  const file = found?.tokenFile ?? found?.['token-file']
  return typeof file === 'string' && file !== '' ? path.resolve(folder, file) : undefined
}

type ApplicableOptions = { headers?: Record<string, string> } & {
  -readonly [K in keyof ServerTls]?: ServerTls[K]
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: ApplicableOptions): ServerTls {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  }
}
