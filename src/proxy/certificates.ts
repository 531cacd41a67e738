// Certificates of the HTTPS listeners: read at start, read again when their files change, chosen by server name.
// A change that does not read leaves what is served as it was, and says so: a listener never goes dark.

import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import type { Options } from '../config/options.ts'
import { endOfChain, endOfTrust, readCertificates } from '../resources/pem-certificates.ts'
import type { CertificateEnd } from '../telemetry/certificate-metrics.ts'
import type { Log } from '../telemetry/log.ts'
import type { ListenerTls } from './server.ts'

const { createSecureContext } = process.getBuiltinModule('node:tls')

/** How often the files are looked at. Polling needs no luck with how a Secret's mount swaps its links. */
const POLL_MS = 2_000
const SNI_CERTIFICATES_MAX = 1_000

/** What a listener serves. */
export interface Pem {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

interface Material {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca: Buffer | undefined
  /** Exact names and `*.` wildcards, lower case. */
  readonly byName: ReadonlyMap<string, SecureContext>
  /** Of every file, by its path. */
  readonly ends: readonly CertificateEnd[]
  /** Changes with any of the files. */
  readonly stamp: string
}

export class Certificates {
  readonly #options: Options
  readonly #log: Log
  #material: Material
  #timer: NodeJS.Timeout | undefined
  readonly #renewals = new Set<(pem: Pem) => void>()

  private constructor(options: Options, log: Log, material: Material) {
    this.#options = options
    this.#log = log
    this.#material = material
  }

  /** Reads the files that the options name; the line that says what is wrong, where something is. */
  static load(options: Options, log: Log): Certificates | { readonly problem: string } {
    const material = read(options)
    return typeof material === 'string' ? { problem: material } : new Certificates(options, log, material)
  }

  /** Options for a listener; it is given to `keepFresh` once it listens. */
  listenerOptions(): ListenerTls {
    const { cert, key, ca } = this.#material
    return {
      cert,
      key,
      ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
      SNICallback: (name, done) => done(null, this.#choose(name)),
    }
  }

  /** What is served now, as PEM. */
  pem(): Pem {
    const { cert, key, ca } = this.#material
    return { cert, key, ...(ca === undefined ? {} : { ca }) }
  }

  /** When what is served ends, and when the last authority of clients does. */
  ends(): readonly CertificateEnd[] {
    return this.#material.ends
  }

  /** Watches the files from now on; `renew` takes what they become, at each change. */
  keepFresh(renew: (pem: Pem) => void): void {
    this.#renewals.add(renew)
    this.#timer ??= setInterval(() => this.#reload(), POLL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #choose(name: string): SecureContext | undefined {
    const lower = name.toLowerCase()
    const dot = lower.indexOf('.')
    return (
      this.#material.byName.get(lower) ?? this.#material.byName.get(dot < 0 ? '' : `*${lower.slice(dot)}`)
    )
  }

  #reload(): void {
    const stamp = stampOf(this.#options)
    if (stamp === this.#material.stamp) return
    const material = read(this.#options)
    if (typeof material === 'string') {
      this.#log.error({ problem: material }, 'certificates changed but cannot be used; the former ones stay')
      // Of before they were read: a key that was written behind its certificate meanwhile is a further change.
      this.#material = { ...this.#material, stamp }
      return
    }
    this.#material = material
    for (const renew of this.#renewals) renew(this.pem())
    this.#log.info({ names: material.byName.size }, 'certificates reloaded')
  }
}

function read(options: Options): Material | string {
  const stamp = stampOf(options)
  const cert = file(options, 'server.tls.cert_file')
  if (typeof cert === 'string') return cert
  const key = file(options, 'server.tls.key_file')
  if (typeof key === 'string') return key
  const ca = options['server.tls.ca_file'] === undefined ? undefined : file(options, 'server.tls.ca_file')
  if (typeof ca === 'string') return ca
  try {
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) })
  } catch (error) {
    return `server.tls.cert_file ${options['server.tls.cert_file']}: ${messageOf(error)}`
  }
  const chosen = sniContexts(options['server.tls.sni_directory'], ca)
  if (typeof chosen === 'string') return chosen
  const { byName, ends } = chosen
  note(ends, options['server.tls.cert_file'], endOf(cert, endOfChain))
  note(ends, options['server.tls.ca_file'], ca && endOf(ca, endOfTrust))
  return { cert, key, ca, byName, ends: Array.from(ends, ([name, endsAt]) => ({ name, endsAt })), stamp }
}

/** Undefined where nothing in it has an end that can be read. */
function endOf(pem: Buffer, choose: typeof endOfChain): number | undefined {
  const certificates = readCertificates(pem)
  return typeof certificates === 'string' ? undefined : choose(certificates)
}

/** Two options may name one file: the sooner end of it counts. */
function note(ends: Map<string, number>, path: string | undefined, endsAt: number | undefined): void {
  if (path === undefined || endsAt === undefined) return
  ends.set(path, Math.min(endsAt, ends.get(path) ?? Number.POSITIVE_INFINITY))
}

function file(options: Options, name: 'server.tls.cert_file' | 'server.tls.key_file' | 'server.tls.ca_file') {
  const path = options[name]
  if (path === undefined) return `${name}: not set`
  try {
    return readFileSync(path)
  } catch (error) {
    return `${name} ${options[name]}: ${messageOf(error)}`
  }
}

/** Pairs NAME.crt and NAME.key, served for the names in each certificate. */
function sniContexts(
  directory: string | undefined,
  ca: Buffer | undefined,
): { readonly byName: Map<string, SecureContext>; readonly ends: Map<string, number> } | string {
  const byName = new Map<string, SecureContext>()
  const ends = new Map<string, number>()
  if (directory === undefined) return { byName, ends }
  try {
    const files = readdirSync(directory)
      .filter((name) => name.endsWith('.crt'))
      .sort()
    if (files.length > SNI_CERTIFICATES_MAX) {
      return `server.tls.sni_directory ${directory}: more than ${SNI_CERTIFICATES_MAX} certificates`
    }
    for (const name of files) {
      const path = join(directory, name)
      const cert = readFileSync(path)
      const key = readFileSync(join(directory, `${name.slice(0, -4)}.key`))
      const context = createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) })
      for (const served of namesOf(cert)) if (!byName.has(served)) byName.set(served, context)
      note(ends, path, endOf(cert, endOfChain))
    }
  } catch (error) {
    return `server.tls.sni_directory ${directory}: ${messageOf(error)}`
  }
  return { byName, ends }
}

function namesOf(cert: Buffer): string[] {
  const names = new X509Certificate(cert).subjectAltName ?? ''
  return [...names.matchAll(/DNS:([^,\s]+)/g)].map((match) => (match[1] ?? '').toLowerCase())
}

/** Size and time of every file: what a look costs is a few stat calls. */
function stampOf(options: Options): string {
  const directory = options['server.tls.sni_directory']
  const files = [
    options['server.tls.cert_file'],
    options['server.tls.key_file'],
    options['server.tls.ca_file'],
  ]
  if (directory !== undefined) {
    try {
      for (const name of readdirSync(directory).sort()) files.push(join(directory, name))
    } catch {
      files.push(directory)
    }
  }
  return files.map(stampOfFile).join('|')
}

function stampOfFile(path: string | undefined): string {
  if (path === undefined) return ''
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? 'absent' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
