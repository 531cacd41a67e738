// Takes the facts of TLS material: does each part parse, do certificate and key belong together, when does it end.
// Reads no clock: whether a certificate has expired is judged in the handshake. What it says holds no part of a value,
// and the digest in the handle covers only what is public, so that nothing can be guessed from it.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto'
import { endOfChain, endOfTrust, readCertificates } from './pem-certificates.ts'
import type { PartFact, TlsFacts } from './resource.ts'
import type { SecretMaterial } from './vault.ts'

interface TlsPart {
  readonly dataKey: string
  readonly bytes?: Buffer
}
/** The three values that `ssl` reads. */
export interface TlsParts {
  certificate: TlsPart
  key: TlsPart
  ca: TlsPart
}

/** `value` is there exactly where the state is `parsed`. */
interface Parsed<T> {
  readonly fact: PartFact
  readonly value?: T
}

/**
 * @param owner `namespace/name` of the Secret, the readable part of the handle
 * @returns the material holds the parts that parse; undefined where none of the three values is there
 */
export function readTlsFacts(parts: TlsParts, owner: string): { tls: TlsFacts; material?: SecretMaterial } {
  const certificate = parsePart(parts.certificate, readCertificates)
  const key = parsePart(parts.key, parsePrivateKey)
  const ca = parsePart(parts.ca, readCertificates)
  const [leaf] = certificate.value ?? []
  const notAfter = endOf(certificate.value, ca.value)
  const tls: TlsFacts = {
    certificate: certificate.fact,
    key: key.fact,
    ca: ca.fact,
    pairFits: leaf !== undefined && key.value !== undefined && belongTogether(leaf, key.value),
    ...(notAfter !== undefined && { notAfter }),
  }
  if ([tls.certificate, tls.key, tls.ca].every((fact) => fact.state === 'absent')) return { tls }
  const handle = `${owner}#${digest(certificate, key, ca)}`
  return { tls: { ...tls, handle }, material: materialOf(parts, tls) }
}

function parsePart<T>(part: TlsPart, parse: (bytes: Buffer) => T | string): Parsed<T> {
  const { dataKey, bytes } = part
  if (bytes === undefined) return { fact: { state: 'absent', dataKey } }
  const value = parse(bytes)
  if (typeof value === 'string') return { fact: { state: 'unparsable', dataKey, why: value } }
  return { fact: { state: 'parsed', dataKey }, value }
}

/** When the material first stops being good, RFC 3339: its chain, or the last of its authorities. */
function endOf(
  chain: readonly X509Certificate[] = [],
  authorities: readonly X509Certificate[] = [],
): string | undefined {
  const ends = [endOfChain(chain), endOfTrust(authorities)].filter((end) => end !== undefined)
  return ends.length === 0 ? undefined : new Date(Math.min(...ends)).toISOString()
}

function belongTogether(leaf: X509Certificate, key: KeyObject): boolean {
  try {
    return leaf.checkPrivateKey(key)
  } catch {
    return false
  }
}

/** What OpenSSL says is not passed on: it is not ours to promise what it holds. */
function parsePrivateKey(bytes: Buffer): KeyObject | string {
  try {
    return createPrivateKey({ key: bytes, format: 'pem' })
  } catch {
    // PKCS#8 says so in its label, the older forms in a header (RFC 1421).
    if (bytes.includes('ENCRYPTED')) return 'the private key is encrypted'
    return 'holds no PEM private key that can be read'
  }
}

/**
 * Certificates by their DER, a key by its public half. Text around the blocks and values that do not parse leave no
 * trace: they cannot be used anyway, and the digest of a short text could be guessed.
 */
function digest(
  certificate: Parsed<X509Certificate[]>,
  key: Parsed<KeyObject>,
  ca: Parsed<X509Certificate[]>,
): string {
  const prints = {
    certificate: certificate.value?.map((one) => one.fingerprint256) ?? certificate.fact.state,
    key: key.value === undefined ? key.fact.state : publicPrint(key.value),
    ca: ca.value?.map((one) => one.fingerprint256) ?? ca.fact.state,
  }
  return createHash('sha256').update(JSON.stringify(prints)).digest('hex').slice(0, 32)
}

function publicPrint(key: KeyObject): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex')
}

function materialOf(parts: TlsParts, tls: TlsFacts): SecretMaterial {
  const certificate = parsedBytes(tls.certificate, parts.certificate)
  const key = parsedBytes(tls.key, parts.key)
  const ca = parsedBytes(tls.ca, parts.ca)
  return { ...(certificate && { certificate }), ...(key && { key }), ...(ca && { ca }) }
}

function parsedBytes(fact: PartFact, part: TlsPart): Buffer | undefined {
  return fact.state === 'parsed' ? part.bytes : undefined
}
