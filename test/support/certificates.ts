// Makes certificate authorities and certificates for tests, with nothing but node:crypto: EC P-256 keys, X.509 v3
// (RFC 5280). Valid from 2020 to 2099 unless told otherwise. Everything it gives is PEM.

import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import {
  bits,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octets,
  sequence,
  set,
  time,
  utf8,
} from './der.ts'

export interface Issued {
  readonly certificate: string
  /** PKCS#8. */
  readonly key: string
}

export interface Validity {
  readonly notBefore?: Date
  readonly notAfter?: Date
}

export interface LeafOptions extends Validity {
  readonly commonName?: string
  /** Names of the subjectAltName. */
  readonly dns?: readonly string[]
  /** IPv4 and IPv6 addresses of the subjectAltName. */
  readonly ip?: readonly string[]
}

export interface Authority extends Issued {
  /** Default: for `localhost`, `127.0.0.1` and `::1`. */
  server(options?: LeafOptions): Issued
  client(options?: LeafOptions): Issued
  /** An authority signed by this one; its `certificate` belongs behind the leaf's in a chain. */
  intermediate(commonName: string, validity?: Validity): Authority
}

interface Signer {
  readonly name: Buffer
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

interface Template {
  readonly subject: Buffer
  readonly publicKey: KeyObject
  readonly issuer: Signer
  readonly validity: Validity
  readonly extensions: readonly Buffer[]
}

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const DEFAULT_NOT_BEFORE = new Date('2020-01-01T00:00:00Z')
const DEFAULT_NOT_AFTER = new Date('2099-12-31T23:59:59Z')

/** A self-signed root. */
export function createAuthority(commonName = 'Test CA', validity: Validity = {}): Authority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const self: Signer = { name: distinguishedName(commonName), ...pair }
  return authority(self, self, validity)
}

/** A certificate signed by itself alone, for servers that nobody should trust. */
export function createSelfSigned(options: LeafOptions = {}): Issued {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const self: Signer = { name: distinguishedName(options.commonName ?? 'self-signed'), ...pair }
  return leaf(self, self, options, SERVER_AUTH)
}

function authority(self: Signer, issuer: Signer, validity: Validity): Authority {
  const certificate = certify({
    subject: self.name,
    publicKey: self.publicKey,
    issuer,
    validity,
    extensions: [
      extension('2.5.29.19', true, sequence(boolean(true))),
      // keyCertSign and cRLSign.
      extension('2.5.29.15', true, bits(Buffer.from([0b0000_0110]), 1)),
    ],
  })
  const make = (options: LeafOptions, usage: string, commonName: string): Issued => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return leaf({ name: distinguishedName(options.commonName ?? commonName), ...pair }, self, options, usage)
  }
  return {
    certificate,
    key: pem(self.privateKey),
    server: (options = {}) =>
      make(
        { dns: ['localhost'], ip: ['127.0.0.1', '::1'], ...options },
        SERVER_AUTH,
        options.dns?.[0] ?? 'localhost',
      ),
    client: (options = {}) => make(options, CLIENT_AUTH, 'client'),
    intermediate: (commonName, itsValidity = {}) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return authority({ name: distinguishedName(commonName), ...pair }, self, itsValidity)
    },
  }
}

function leaf(self: Signer, issuer: Signer, options: LeafOptions, usage: string): Issued {
  const names = [
    ...(options.dns ?? []).map((name) => implicit(2, Buffer.from(name))),
    ...(options.ip ?? []).map((address) => implicit(7, addressBytes(address))),
  ]
  const certificate = certify({
    subject: self.name,
    publicKey: self.publicKey,
    issuer,
    validity: options,
    extensions: [
      extension('2.5.29.19', true, sequence()),
      // digitalSignature.
      extension('2.5.29.15', true, bits(Buffer.from([0b1000_0000]), 7)),
      extension('2.5.29.37', false, sequence(objectIdentifier(usage))),
      ...(names.length === 0 ? [] : [extension('2.5.29.17', false, sequence(...names))]),
    ],
  })
  return { certificate, key: pem(self.privateKey) }
}

function certify({ subject, publicKey, issuer, validity, extensions }: Template): string {
  const serial = randomBytes(16)
  serial[0] = (serial[0] ?? 0) | 0x40
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_WITH_SHA256,
    issuer.name,
    sequence(time(validity.notBefore ?? DEFAULT_NOT_BEFORE), time(validity.notAfter ?? DEFAULT_NOT_AFTER)),
    subject,
    spki(publicKey),
    explicit(
      3,
      sequence(
        extension('2.5.29.14', false, octets(keyIdentifier(publicKey))),
        extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(issuer.publicKey)))),
        ...extensions,
      ),
    ),
  )
  const signature = sign('sha256', toBeSigned, { key: issuer.privateKey, dsaEncoding: 'der' })
  return new X509Certificate(sequence(toBeSigned, ECDSA_WITH_SHA256, bits(signature))).toString()
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octets(value))
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8(commonName))))
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(spki(key)).digest()
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' })
}

function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => 0)
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]))
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
