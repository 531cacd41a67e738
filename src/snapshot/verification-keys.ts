// The keys of a JSON Web Key Set (RFC 7517) that signatures can be checked with: their shape only, nothing is imported.
// It keeps the members that a check needs and no other; it must never show the value of one.

/** What a key is made of: numbers, points and secrets as base64url. */
export interface KeyMembers {
  readonly kty: 'RSA' | 'EC' | 'OKP'
  readonly crv?: string
  readonly n?: string
  readonly e?: string
  readonly x?: string
  readonly y?: string
  readonly k?: string
}

export interface VerificationKey {
  readonly kid?: string
  /** Those that its type, curve, length and `alg` allow: a key is never used for any other. Not empty. */
  readonly algorithms: readonly string[]
  readonly members: KeyMembers
}

export interface KeySetContent {
  readonly keys: readonly VerificationKey[]
  /** One line for each key that cannot be used. Keys for encryption are no fault and not named. */
  readonly faults: readonly string[]
}

type Json = Readonly<Record<string, unknown>>
type Shape = Pick<VerificationKey, 'algorithms' | 'members'>

/** More keys are not looked at. */
const KEYS_MAX = 100
const KID_CHARACTERS_MAX = 1024
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv']
const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
/** RFC 8725 section 3.5 asks for 2048 bits; beyond 8192 one check takes milliseconds. */
const RSA_BITS = { least: 2048, most: 8192 }
const RSA_EXPONENT_BYTES_MAX = 8
const ED25519 = ['EdDSA', 'Ed25519']
const ED25519_BYTES = 32
const CURVES: ReadonlyMap<unknown, { readonly algorithm: string; readonly bytes: number }> = new Map([
  ['P-256', { algorithm: 'ES256', bytes: 32 }],
  ['P-384', { algorithm: 'ES384', bytes: 48 }],
  ['P-521', { algorithm: 'ES512', bytes: 66 }],
])
/** Reads a set; one bad key fails alone. Gives a line that says why where the text is no key set at all. */
export function readKeySet(text: string): KeySetContent | string {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    return 'is not JSON'
  }
  if (!isObject(set) || !Array.isArray(set['keys']))
    return 'is not a JSON Web Key Set: an object with a list `keys`'
  const written: readonly unknown[] = set['keys']
  const keys: VerificationKey[] = []
  const faults: string[] = []
  for (const [index, jwk] of written.slice(0, KEYS_MAX).entries()) {
    const key = readKey(jwk)
    if (typeof key === 'string') faults.push(`key ${index + 1} ${key}`)
    else if (key !== undefined) keys.push(key)
  }
  if (written.length > KEYS_MAX)
    faults.push(`only the first ${KEYS_MAX} of ${written.length} keys are looked at`)
  return { keys, faults }
}

/** Undefined for a key that is not meant for signatures. */
function readKey(jwk: unknown): VerificationKey | string | undefined {
  if (!isObject(jwk)) return 'is no object'
  const { use, key_ops: operations, kid, alg } = jwk
  if (use !== undefined && use !== 'sig') return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return undefined
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > KID_CHARACTERS_MAX)) {
    return `has a kid that is no text of at most ${KID_CHARACTERS_MAX} characters`
  }
  const shape = readShape(jwk)
  if (typeof shape === 'string') return shape
  const algorithms = shape.algorithms.filter((each) => alg === undefined || isSameAlgorithm(each, alg))
  if (algorithms.length === 0) return 'has an alg that does not fit its type'
  return { ...(kid !== undefined && { kid }), algorithms, members: shape.members }
}

function readShape(jwk: Json): Shape | string {
  // Whoever can read the set could sign tokens with such a key.
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return 'is a private key: it has leaked'
  switch (jwk['kty']) {
    case 'RSA':
      return readRsa(jwk)
    case 'EC':
      return readEc(jwk)
    case 'OKP':
      return readOkp(jwk)
    case 'oct':
      return 'is a shared secret (kty oct): whoever can read it could make tokens'
    default:
      return 'has a type (kty) that is not RSA, EC or OKP'
  }
}

function readRsa({ n, e }: Json): Shape | string {
  const modulus = bytesOf(n)
  const exponent = bytesOf(e)
  if (modulus === undefined || exponent === undefined) return 'has no n and e in base64url'
  const bits = bitsOf(modulus)
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) {
    return `has a modulus of ${bits} bits; allowed: ${RSA_BITS.least} to ${RSA_BITS.most}`
  }
  // With the exponent 1 every text would be its own signature.
  const isFit =
    exponent.length <= RSA_EXPONENT_BYTES_MAX && bitsOf(exponent) > 1 && (exponent.at(-1) ?? 0) % 2 === 1
  if (!isFit)
    return `has a public exponent that is not odd, above 1 and of at most ${RSA_EXPONENT_BYTES_MAX} bytes`
  return { algorithms: RSA_ALGORITHMS, members: { kty: 'RSA', n: String(n), e: String(e) } }
}

function readEc({ crv, x, y }: Json): Shape | string {
  const curve = CURVES.get(crv)
  if (curve === undefined) return `has a curve that is not ${[...CURVES.keys()].join(', ')}`
  if (bytesOf(x)?.length !== curve.bytes || bytesOf(y)?.length !== curve.bytes) {
    return `has no x and y of ${curve.bytes} bytes in base64url`
  }
  const members = { kty: 'EC', crv: String(crv), x: String(x), y: String(y) } as const
  return { algorithms: [curve.algorithm], members }
}

function readOkp({ crv, x }: Json): Shape | string {
  if (crv !== 'Ed25519') return 'has a curve that is not Ed25519'
  if (bytesOf(x)?.length !== ED25519_BYTES) return `has no x of ${ED25519_BYTES} bytes in base64url`
  return { algorithms: ED25519, members: { kty: 'OKP', crv, x: String(x) } }
}

/** `EdDSA` and `Ed25519` (RFC 9864) are two names for the same signatures. */
function isSameAlgorithm(each: string, alg: unknown): boolean {
  return each === alg || (ED25519.includes(each) && typeof alg === 'string' && ED25519.includes(alg))
}

function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]+$/.test(value)) return undefined
  return Buffer.from(value, 'base64url')
}

/** The length of a number without its leading zeros. */
function bitsOf(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
