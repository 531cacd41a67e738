// Credentials from a program that the kubeconfig names (client.authentication.k8s.io): it is run once for all who ask
// meanwhile, for a bounded time, and what it gave is kept until it expires. What it prints is never shown, only what it
// says on its standard error. client-node's own way keeps an answer that is none for ever and quotes what was printed.

import { execFile } from 'node:child_process'
import path from 'node:path'
import { isRecord, ownField } from '../resources/fields.ts'

/** As the kubeconfig has it. */
export interface ExecPlugin {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly apiVersion: string
}

export interface ExecCredential {
  readonly token?: string
  readonly cert?: string
  readonly key?: string
}

/** Shorter than what the client waits for credentials, so that it can say why there are none. */
const RUN_MS_MAX = 25_000
const OUTPUT_BYTES_MAX = 1024 * 1024

interface Kept {
  readonly credential: ExecCredential
  /** ms epoch; undefined: never. */
  readonly until: number | undefined
}

export class ExecCredentials {
  readonly #plugin: ExecPlugin
  readonly #runMsMax: number
  #kept: Kept | undefined
  #running: Promise<Kept> | undefined

  constructor(plugin: ExecPlugin, runMsMax = RUN_MS_MAX) {
    this.#plugin = plugin
    this.#runMsMax = runMsMax
  }

  /** Rejects where there are none, with one line for people. */
  async get(): Promise<ExecCredential> {
    if (this.#kept !== undefined && !hasExpired(this.#kept)) return this.#kept.credential
    this.#running ??= run(this.#plugin, this.#runMsMax).finally(() => {
      this.#running = undefined
    })
    this.#kept = await this.#running
    return this.#kept.credential
  }

  /** The next one who asks gets new ones. */
  forget(): void {
    this.#kept = undefined
  }
}

/** Reads the `exec` of a user. A command with a slash is found from the kubeconfig's folder. Throws with what is wrong. */
export function readExecPlugin(exec: unknown, folder: string): ExecPlugin {
  const field = (name: string) => (isRecord(exec) ? ownField(exec, name) : undefined)
  const [command, args, env, apiVersion] = [
    field('command'),
    field('args') ?? [],
    field('env') ?? [],
    field('apiVersion'),
  ]
  if (typeof command !== 'string' || command === '') throw new Error('its exec plugin has no command')
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) {
    throw new Error('the args of its exec plugin are no list of texts')
  }
  const pairs = Array.isArray(env) ? env.map(pairOf) : [undefined]
  if (!pairs.every((pair) => pair !== undefined)) {
    throw new Error('the env of its exec plugin is no list of name and value')
  }
  return {
    command: command.includes('/') ? path.resolve(folder, command) : command,
    args,
    env: Object.fromEntries(pairs),
    apiVersion: typeof apiVersion === 'string' ? apiVersion : 'client.authentication.k8s.io/v1',
  }
}

function pairOf(entry: unknown): readonly [string, string] | undefined {
  if (!isRecord(entry)) return undefined
  const [name, value] = [ownField(entry, 'name'), ownField(entry, 'value')]
  return typeof name === 'string' && typeof value === 'string' ? [name, value] : undefined
}

function run(plugin: ExecPlugin, runMsMax: number): Promise<Kept> {
  const { command, args, env, apiVersion } = plugin
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } }
  const options = {
    env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    timeout: runMsMax,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  } as const
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      const kept = error === null ? credentialOf(stdout) : undefined
      if (kept !== undefined) resolve(kept)
      else reject(new Error(`exec plugin ${command}: ${whyOf(error, stderr, runMsMax)}`))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end()
  })
}

function whyOf(
  error: (Error & { killed?: boolean; code?: unknown }) | null,
  stderr: string,
  runMsMax: number,
) {
  if (error === null) return 'it printed no ExecCredential'
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return `it printed more than ${OUTPUT_BYTES_MAX} bytes`
  if (error.killed) return `it did not end within ${runMsMax} ms`
  const said = stderr.split('\n').find((line) => line.trim() !== '')
  return `${typeof error.code === 'number' ? `exit status ${error.code}` : String(error.code)}${said === undefined ? '' : `: ${said.trim()}`}`
}

/** Undefined for what is no ExecCredential. */
function credentialOf(text: string): Kept | undefined {
  const status = statusOf(text)
  if (status === undefined) return undefined
  const [token, cert, key, expires] = [
    'token',
    'clientCertificateData',
    'clientKeyData',
    'expirationTimestamp',
  ].map((name) => {
    const value = ownField(status, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  })
  if (token === undefined && (cert === undefined || key === undefined)) return undefined
  const until = expires === undefined ? Number.NaN : Date.parse(expires)
  return {
    credential: {
      ...(token !== undefined && { token }),
      ...(cert !== undefined && key !== undefined && { cert, key }),
    },
    until: Number.isNaN(until) ? undefined : until,
  }
}

function statusOf(text: string) {
  try {
    const printed: unknown = JSON.parse(text)
    const status = isRecord(printed) ? ownField(printed, 'status') : undefined
    return isRecord(status) ? status : undefined
  } catch {
    return undefined
  }
}

function hasExpired({ until }: Kept): boolean {
  return until !== undefined && until <= Date.now()
}
