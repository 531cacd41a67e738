// A real kube-apiserver with its etcd on loopback ports, and what a test does to both: write objects, take tokens, stop,
// restart, pause, compact. It answers nothing itself. Fails, with the program's own words, where it does not start.

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import path from 'node:path'
import { type Authority, createAuthority } from './certificates.ts'
import { freePorts } from './free-ports.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'
import { waitUntil } from './wait-until.ts'

/** An object as the API server gives it; its shape is the test's matter. */
export interface ApiObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

export interface ApiAnswer {
  readonly status: number
  /** Values of the `Warning` header, as sent. */
  readonly warnings: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
}

export interface ApiRequest {
  readonly body?: unknown
  /** Default application/json; for PATCH application/merge-patch+json. */
  readonly type?: string
  /** Default: that of the administrator. */
  readonly token?: string
  /** Default application/json. */
  readonly accept?: string
}

interface Ports {
  readonly api: number
  readonly etcdClient: number
  readonly etcdPeer: number
}

const STARTS_MAX = 3

export class ApiServer implements AsyncDisposable {
  readonly url: string
  readonly adminToken: string
  /** PEM; known once the server has started. */
  ca = ''
  /** Whose certificates the server takes from clients: the common name is the user. */
  readonly clients: Authority = createAuthority()
  readonly folder: TempFolder
  readonly #binaries: Binaries
  readonly #ports: Ports
  readonly #etcd: RunningProcess
  #server: RunningProcess | undefined
  #agent = new HttpsAgent({ keepAlive: true, maxSockets: 16 })

  readonly #flags: readonly string[]

  constructor(
    binaries: Binaries,
    ports: Ports,
    folder: TempFolder,
    adminToken: string,
    flags: readonly string[],
  ) {
    this.#flags = flags
    this.url = `https://127.0.0.1:${ports.api}`
    this.adminToken = adminToken
    this.folder = folder
    this.#binaries = binaries
    this.#ports = ports
    const client = `http://127.0.0.1:${ports.etcdClient}`
    const peer = `http://127.0.0.1:${ports.etcdPeer}`
    this.#etcd = new RunningProcess(binaries.etcd, [
      '--unsafe-no-fsync',
      `--data-dir=${path.join(folder.path, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--log-level=error',
    ])
  }

  /** Starts the server (again) and waits until it is ready. */
  async start(): Promise<void> {
    const file = (name: string) => path.join(this.folder.path, name)
    this.#server = new RunningProcess(this.#binaries.apiserver, [
      `--etcd-servers=http://127.0.0.1:${this.#ports.etcdClient}`,
      `--cert-dir=${file('certificates')}`,
      `--secure-port=${this.#ports.api}`,
      '--bind-address=127.0.0.1',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('sa.pub')}`,
      `--service-account-signing-key-file=${file('sa.key')}`,
      // Loopback addresses: what a test sends to a cluster IP stays on this machine.
      '--service-cluster-ip-range=127.64.0.0/16',
      `--token-auth-file=${file('tokens.csv')}`,
      `--client-ca-file=${file('clients.crt')}`,
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      ...this.#flags,
    ])
    await this.#server.until(() => this.#isReady(), 'the API server is ready', { timeoutMs: 60_000 })
  }

  /** One request. Any status is an answer; only a broken connection throws. */
  request(method: string, target: string, options: ApiRequest = {}): Promise<ApiAnswer> {
    const type = options.type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json')
    const body = options.body === undefined ? undefined : JSON.stringify(options.body)
    const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>()
    const request = httpsRequest(
      new URL(target, this.url),
      {
        method,
        agent: this.#agent,
        ca: this.ca,
        headers: {
          authorization: `Bearer ${options.token ?? this.adminToken}`,
          accept: options.accept ?? 'application/json',
          ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        },
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          const warnings = response.headersDistinct['warning'] ?? []
          resolve({ status: response.statusCode ?? 0, warnings, body: parse(text) })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
    return promise
  }

  /** Creates an object, or replaces its content by server-side apply; fails with the server's words if refused. */
  async apply(object: object, { dryRun = false }: { dryRun?: boolean } = {}): Promise<ApiObject> {
    const given = object as ApiObject
    const query = `fieldManager=test&force=true${dryRun ? '&dryRun=All' : ''}`
    const answer = await this.request('PATCH', `${pathOf(given)}?${query}`, {
      body: given,
      type: 'application/apply-patch+yaml',
    })
    return good(answer, `apply ${given.kind} ${given.metadata.name}`)
  }

  async get(kind: string, namespace: string, name: string): Promise<ApiObject> {
    return good(await this.request('GET', pathOf(named(kind, namespace, name))), `get ${kind} ${name}`)
  }

  async delete(kind: string, namespace: string, name: string): Promise<void> {
    good(await this.request('DELETE', pathOf(named(kind, namespace, name))), `delete ${kind} ${name}`)
  }

  async createNamespace(name: string): Promise<void> {
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }

  /** A ServiceAccount with a token of its own; what it may do is the test's matter. */
  async serviceAccountToken(namespace: string, name: string): Promise<string> {
    await this.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } })
    const answer = await this.request(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      {
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      },
    )
    const { status } = good(answer, `token of ${name}`) as { status?: { token?: string } }
    return status?.token ?? ''
  }

  /** A kubeconfig for that token, as a file in the server's folder; its path. */
  kubeconfig(token = this.adminToken, name = 'admin'): Promise<string> {
    return this.folder.write(
      `${name}.kubeconfig`,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'test',
            cluster: {
              server: this.url,
              'certificate-authority-data': Buffer.from(this.ca).toString('base64'),
            },
          },
        ],
        users: [{ name, user: { token } }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
        'current-context': 'test',
      }),
    )
  }

  /** Ends the server; etcd goes on. `start` brings it back at the same port. */
  async stopServer(): Promise<void> {
    await this.#server?.stop('SIGKILL')
    this.#agent.destroy()
    this.#agent = new HttpsAgent({ keepAlive: true, maxSockets: 16 })
  }

  /** The server stands still until `resumeServer`: connections stay open, and nothing is said on them. */
  pauseServer(): void {
    this.#server?.kill('SIGSTOP')
  }

  resumeServer(): void {
    this.#server?.kill('SIGCONT')
  }

  /** Writes of statuses of a kind (by its plural) that the server has taken since it started, by its own count. */
  async statusWrites(plural: string): Promise<number> {
    const { body } = await this.request('GET', '/metrics')
    const lines = String(body['text']).split('\n')
    return lines
      .filter((line) => line.startsWith('apiserver_request_total{') && line.includes('code="200"'))
      .filter((line) => line.includes('subresource="status"') && line.includes(`resource="${plural}"`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** etcd stands still until `resumeEtcd`: reads from the server's cache work, writes do not. */
  pauseEtcd(): void {
    this.#etcd.kill('SIGSTOP')
  }

  resumeEtcd(): void {
    this.#etcd.kill('SIGCONT')
  }

  /** Forgets all history in etcd before the revision of now. */
  async compact(): Promise<void> {
    const etcd = `http://127.0.0.1:${this.#ports.etcdClient}/v3/kv`
    const post = async (call: string, body: object) => {
      const answer = await fetch(`${etcd}/${call}`, { method: 'POST', body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`etcd ${call}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as { header: { revision: string } }
    }
    const { header } = await post('range', { key: Buffer.from('none').toString('base64') })
    await post('compaction', { revision: header.revision, physical: true })
  }

  /** The program's output, for messages of failed tests. */
  describe(): string {
    return this.#server?.describe() ?? 'the API server was not started'
  }

  /** True where one of the two ended because its port was taken. */
  get portWasTaken(): boolean {
    const said = `${this.#server?.stderr ?? ''}${this.#etcd.stderr}`
    return said.includes('address already in use')
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    this.resumeEtcd()
    await this.#server?.stop('SIGKILL')
    await this.#etcd.stop('SIGKILL')
    await this.folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #isReady(): Promise<boolean> {
    if (this.#etcd.exit !== undefined) throw new Error(`etcd ended: ${this.#etcd.describe()}`)
    try {
      this.ca = await readFile(path.join(this.folder.path, 'certificates/apiserver.crt'), 'utf8')
      return (await this.request('GET', '/readyz')).status === 200
    } catch {
      return false
    }
  }
}

interface Binaries {
  readonly apiserver: string
  readonly etcd: string
}

/**
 * Starts both programs (paths from describeWithTools or requireTool) and waits until the server is ready.
 * @param flags further ones of the API server
 */
export async function startApiServer(
  apiserver: string,
  etcd: string,
  flags: readonly string[] = [],
): Promise<ApiServer> {
  for (let start = 1; ; start++) {
    const [api = 0, etcdClient = 0, etcdPeer = 0] = await freePorts(3)
    const folder = await tempFolder('api-server')
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await folder.write('sa.pub', publicKey.export({ type: 'spki', format: 'pem' }))
    await folder.write('sa.key', privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const adminToken = randomBytes(16).toString('hex')
    await folder.write('tokens.csv', `${adminToken},admin,admin,system:masters\n`)
    const server = new ApiServer(
      { apiserver, etcd },
      { api, etcdClient, etcdPeer },
      folder,
      adminToken,
      flags,
    )
    await folder.write('clients.crt', server.clients.certificate)
    try {
      await server.start()
      return server
    } catch (error) {
      await server.stop()
      if (!server.portWasTaken || start === STARTS_MAX) throw error
    }
  }
}

/** Plurals and groups of what tests write; anything else is derived: lower case and an `s`. */
const PLURALS: Readonly<Record<string, string>> = {
  ApiProxy: 'apiproxies',
  EndpointSlice: 'endpointslices',
  NetworkPolicy: 'networkpolicies',
}
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'ApiKey',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'Namespace',
  'ValidatingWebhookConfiguration',
])
const VERSIONS: Readonly<Record<string, string>> = {
  ApiProxy: 'kanali.io/v2',
  MockTarget: 'kanali.io/v2',
  ApiKey: 'kanali.io/v2',
  ApiKeyBinding: 'kanali.io/v2',
  EndpointSlice: 'discovery.k8s.io/v1',
  Lease: 'coordination.k8s.io/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  ValidatingWebhookConfiguration: 'admissionregistration.k8s.io/v1',
}

function named(kind: string, namespace: string, name: string): ApiObject {
  return { apiVersion: VERSIONS[kind] ?? 'v1', kind, metadata: { namespace, name } }
}

/** The path of an object on the API server. */
export function pathOf({ apiVersion = 'v1', kind = '', metadata }: ApiObject): string {
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = CLUSTER_SCOPED.has(kind) ? '' : `/namespaces/${metadata.namespace ?? 'default'}`
  return `${base}${scope}/${plural}/${metadata.name}`
}

function good(answer: ApiAnswer, what: string): ApiObject {
  if (answer.status >= 200 && answer.status < 300) return answer.body as unknown as ApiObject
  throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`)
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { text }
  }
}

/** Waits until the server itself has the CRDs of the gateway ready for use. */
export async function waitForCrds(server: ApiServer): Promise<void> {
  await waitUntil(
    async () => {
      const { status, body } = await server.request('GET', '/apis/kanali.io/v2')
      const { resources = [] } = body as { resources?: { name: string }[] }
      const there = new Set(resources.map(({ name }) => name))
      return (
        status === 200 &&
        ['apiproxies', 'apikeys', 'apikeybindings', 'mocktargets'].every((name) => there.has(name))
      )
    },
    'the API server to serve kanali.io/v2',
    { timeoutMs: 30_000, everyMs: 50 },
  )
}
