// Access by a kubeconfig file with all its ways to authenticate: tokens, token files, client certificates, exec plugins,
// passwords, OIDC. @kubernetes/client-node knows most of them; it is loaded here alone and only when it is needed, for it
// costs a second and 87 MB. Its watch is never used (docs/decisions/0011), nor its exec (exec-credential.ts).

import type { KubeConfig } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import type { Access, Credentials, ServerTls } from './access.ts'
import { ExecCredentials, readExecPlugin } from './exec-credential.ts'

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
    const { config, cluster, tokenFile, exec } = this.#loaded
    const options: ApplicableOptions = {}
    await config.applyToHTTPSOptions(options)
    const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
    const { token, ...pair } = (await exec?.get()) ?? {}
    const bearer = tokenFile === undefined ? token : (await readFile(tokenFile, 'utf8')).trim()
    return {
      headers: {
        ...(options.auth !== undefined && {
          authorization: `Basic ${Buffer.from(options.auth).toString('base64')}`,
        }),
        ...(Object.fromEntries(headers) as Record<string, string>),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      tls: { ...tlsOf(options), ...pair },
      ...(cluster.proxyUrl !== undefined && { proxy: cluster.proxyUrl }),
    }
  }

  /** An exec plugin's credential without an expiry would else be kept for ever. */
  renew(): void {
    this.#loaded.exec?.forget()
    try {
      const loaded = load(this.#file, this.#make())
      // The same plugin goes on, so that it is run once however many are refused at once.
      const same = loaded.text === this.#loaded.text
      this.#loaded = same ? { ...loaded, exec: this.#loaded.exec } : loaded
    } catch {
      // A file that is being replaced: what was loaded stays until it can be read again.
    }
  }
}

interface Loaded {
  readonly text: string
  readonly config: KubeConfig
  readonly cluster: NonNullable<ReturnType<KubeConfig['getCurrentCluster']>>
  readonly tokenFile: string | undefined
  readonly exec: ExecCredentials | undefined
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
  checkServer(cluster)
  const folder = path.dirname(file)
  const given: unknown = user.exec
  const exec =
    given === undefined || given === null ? undefined : new ExecCredentials(readExecPlugin(given, folder))
  // Taken out, so that client-node does not run it as well.
  Object.assign(user, { exec: undefined })
  return { text, config, cluster, exec, tokenFile: tokenFileOf(text, user.name, folder) }
}

function checkServer({ name, server, proxyUrl }: Loaded['cluster']): void {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error(`the server of cluster ${name} is no address of http or https`)
  }
  // It is shown in the log.
  if (url.username !== '' || url.password !== '') {
    throw new Error(`the server of cluster ${name} has a user name or a password in it`)
  }
  if (proxyUrl === undefined) return
  if (proxyUrl.startsWith('socks')) {
    throw new Error(`the proxy-url of cluster ${name} is a SOCKS proxy; only HTTP proxies can be used`)
  }
  if (!URL.canParse(proxyUrl)) throw new Error(`the proxy-url of cluster ${name} is no address`)
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

type ApplicableOptions = { headers?: Record<string, string>; auth?: string } & {
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
