// The admission webhook as a user starts it, on a free loopback port, with a certificate that can be replaced.

import { request } from 'node:https'
import path from 'node:path'
import { type Authority, createAuthority, type LeafOptions } from './certificates.ts'
import { freePorts } from './free-ports.ts'
import { seeLogLine } from './registry/watch.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'

const CLI = path.join(import.meta.dirname, '../../src/cli/validator.ts')

export interface WebhookAnswer {
  readonly status: number
  readonly text: string
  /** Fingerprint of the certificate that was served. */
  readonly fingerprint: string
}

export class ValidatorProcess implements AsyncDisposable {
  readonly url: string
  readonly process: RunningProcess
  readonly authority: Authority
  readonly #folder: TempFolder

  constructor(url: string, running: RunningProcess, authority: Authority, folder: TempFolder) {
    this.url = url
    this.process = running
    this.authority = authority
    this.#folder = folder
  }

  /** One request on a connection of its own. */
  ask(method: string, target: string, body?: string): Promise<WebhookAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>()
    const options = { method, ca: this.authority.certificate, agent: false as const }
    const sent = request(new URL(target, this.url), options, (response) => {
      const socket = response.socket as unknown as { getPeerCertificate(): { fingerprint256: string } }
      const fingerprint = socket.getPeerCertificate().fingerprint256
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, fingerprint }))
    })
    sent.on('error', reject)
    sent.end(body)
    return promise
  }

  /** Puts a new certificate of the same authority in the place of the one that is served. */
  async renewCertificate(): Promise<void> {
    await writeCertificate(this.authority, this.#folder, { ip: [new URL(this.url).hostname] })
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.#folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

async function writeCertificate(
  authority: Authority,
  folder: TempFolder,
  names: LeafOptions,
): Promise<string[]> {
  const { certificate, key } = authority.server(names)
  return [await folder.write('tls.crt', certificate), await folder.write('tls.key', key)]
}

export interface ValidatorOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly address?: string
  /** Names of the certificate beside the address. */
  readonly dns?: readonly string[]
}

/** Starts it with these flags beside port and certificate, and waits until it knows the world. */
export async function startValidator(
  flags: Readonly<Record<string, string>>,
  { address = '127.0.0.1', dns = [] }: ValidatorOptions = {},
): Promise<ValidatorProcess> {
  const [port = 0] = await freePorts(1)
  const folder = await tempFolder('validator')
  const authority = createAuthority()
  const [cert = '', key = ''] = await writeCertificate(authority, folder, { dns, ip: [address] })
  const all = {
    'server.tls.cert_file': cert,
    'server.tls.key_file': key,
    'validator.secure_port': String(port),
    'validator.secure_bind_address': address,
    ...flags,
  }
  const args = Object.entries(all).map(([name, value]) => `--${name}=${value}`)
  const running = new RunningProcess(process.execPath, [CLI, 'start', ...args], { onStderrLine: seeLogLine })
  const validator = new ValidatorProcess(`https://${address}:${port}`, running, authority, folder)
  await running.until(async () => {
    try {
      return (await validator.ask('GET', '/readyz')).status === 200
    } catch {
      return false
    }
  }, 'the validator is ready')
  return validator
}
