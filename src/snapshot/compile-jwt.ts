// From the configuration of the plugin `jwt` to the guard that judges tokens, or to the failure that every request gets.
// Pure: key sets given by address are fetched elsewhere, keys given inline are looked at by their shape only.

import { hash } from 'node:crypto'
import { failure, type Failure } from '../errors/failure.ts'
import {
  CLAIM_HEADERS_SAYS,
  CLAIMS_SAYS,
  type ClaimHeader,
  claimHeaders,
  COOKIE_SAYS,
  cookieName,
  FLAG_SAYS,
  flag,
  JwtFields,
  keySetUrl,
  LIST_SAYS,
  type RequiredClaim,
  requiredClaims,
  SCOPES_SAYS,
  scopeList,
  SKEW_SAYS,
  skewMs,
  TEXT_SAYS,
  textList,
  textValue,
  TOKEN_HEADER_SAYS,
  tokenHeader,
  URL_SAYS,
} from './jwt-fields.ts'
import { readKeySet, type VerificationKey } from './verification-keys.ts'

/** Where the keys come from: the address of a key set, or the keys themselves with the hash of them. */
export type GuardKeys =
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'inline'; readonly hash: string; readonly keys: readonly VerificationKey[] }

/** How tokens are judged. Everything constant is computed when it is compiled. */
export interface JwtGuard {
  /** Equal for guards that judge alike; tells nothing about keys. */
  readonly id: string
  /** Undefined: any. */
  readonly issuer: string | undefined
  /** One of them must be among the token's; undefined: any. */
  readonly audiences: readonly string[] | undefined
  readonly keys: GuardKeys
  readonly algorithms: readonly string[]
  readonly clockSkewMs: number
  /** All of them; a name may be there with several values. */
  readonly requiredClaims: readonly RequiredClaim[]
  /** All of them. */
  readonly scopes: readonly string[]
  readonly claimHeaders: readonly ClaimHeader[]
  /** Lower case. `authorization` has the scheme Bearer, any other carries the bare token. */
  readonly tokenHeader: string
  /** Looked at where the header has no token. */
  readonly tokenCookie: string | undefined
  /** Whether the upstream sees the token. */
  readonly forwardToken: boolean
}

export type CompiledJwt =
  | { readonly guard: JwtGuard; readonly failure?: never }
  | { readonly failure: Failure; readonly guard?: never }

const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
const ANY = '*'
const CLOCK_SKEW_MS = 30_000
const FIELD_NAMES = [
  'issuer',
  'audience',
  'audienceID',
  'jwksURI',
  'jwks',
  'allowInsecure',
  'algorithms',
  'clockSkew',
  'requiredClaims',
  'scopes',
  'claimHeaders',
  'tokenHeader',
  'tokenCookie',
  'forwardToken',
]

export function compileJwt(config: Readonly<Record<string, string>>): CompiledJwt {
  const fields = new JwtFields(config)
  fields.onlyKnows(FIELD_NAMES)
  const algorithms = readAlgorithms(fields)
  const content = {
    issuer: readIssuer(fields),
    audiences: readAudiences(fields),
    keys: readKeys(fields, algorithms),
    algorithms,
    clockSkewMs: fields.read('clockSkew', SKEW_SAYS, skewMs) ?? CLOCK_SKEW_MS,
    requiredClaims: fields.read('requiredClaims', CLAIMS_SAYS, requiredClaims) ?? [],
    scopes: fields.read('scopes', SCOPES_SAYS, scopeList) ?? [],
    claimHeaders: fields.read('claimHeaders', CLAIM_HEADERS_SAYS, claimHeaders) ?? [],
    tokenHeader: fields.read('tokenHeader', TOKEN_HEADER_SAYS, tokenHeader) ?? 'authorization',
    tokenCookie: fields.read('tokenCookie', COOKIE_SAYS, cookieName),
    forwardToken: fields.read('forwardToken', FLAG_SAYS, flag) ?? false,
  }
  if (content.claimHeaders.some(({ header }) => header === content.tokenHeader)) {
    fields.breaks('claimHeaders', 'names the header that carries the token')
  }
  const { keys } = content
  if (fields.problem !== undefined || keys === undefined) {
    return { failure: failure('token_config_invalid', fields.problem ?? 'config has no keys') }
  }
  return { guard: { id: hash('sha256', JSON.stringify(content)).slice(0, 32), ...content, keys } }
}

function readAlgorithms(fields: JwtFields): readonly string[] {
  // A shared secret (HS256) would stand in the ApiProxy, where whoever may read it could make tokens.
  const says = `a comma-separated list of ${ASYMMETRIC.join(', ')}`
  const algorithms = fields.read('algorithms', says, (text) => {
    const named = textList(text)
    return named?.every((name) => ASYMMETRIC.includes(name)) ? named : undefined
  })
  return algorithms ?? ASYMMETRIC
}

function readIssuer(fields: JwtFields): string | undefined {
  if (!fields.has('issuer')) fields.breaks('issuer', `is missing; "${ANY}" takes tokens of any issuer`)
  const issuer = fields.read('issuer', TEXT_SAYS, textValue)
  return issuer === ANY ? undefined : issuer
}

function readAudiences(fields: JwtFields): readonly string[] | undefined {
  const named = (['audience', 'audienceID'] as const).filter((name) => fields.has(name))
  const [name = 'audience'] = named
  if (named.length === 0) fields.breaks(name, `is missing; "${ANY}" takes tokens that were made for anybody`)
  if (named.length === 2) fields.breaks('audienceID', 'is another name of audience: set one of them')
  const audiences = fields.read(name, LIST_SAYS, textList)
  return audiences?.includes(ANY) ? undefined : audiences
}

function readKeys(fields: JwtFields, algorithms: readonly string[]): GuardKeys | undefined {
  const insecure = fields.read('allowInsecure', FLAG_SAYS, flag) ?? false
  if (fields.has('jwksURI') === fields.has('jwks')) {
    fields.breaks('jwksURI', 'or config.jwks must be there, and not both')
    return undefined
  }
  if (fields.has('jwks')) return readInline(fields, algorithms)
  const url = fields.read('jwksURI', URL_SAYS, (text) => keySetUrl(text, insecure), true)
  return url === undefined ? undefined : { type: 'url', url }
}

/** They are the ApiProxy's own: what an issuer may publish beside its keys would be a mistake here. */
function readInline(fields: JwtFields, algorithms: readonly string[]): GuardKeys | undefined {
  const content = fields.read('jwks', 'text', (text) => readKeySet(text), true)
  if (content === undefined) return undefined
  if (typeof content === 'string') {
    fields.breaks('jwks', content)
    return undefined
  }
  const { keys, faults } = content
  const [fault] = faults
  if (fault !== undefined) fields.breaks('jwks', `holds what cannot be used: ${fault}`)
  const idle = algorithms.every((name) => !keys.some((key) => key.algorithms.includes(name)))
  if (idle) fields.breaks('jwks', `has no key for any of ${algorithms.join(', ')}`)
  return { type: 'inline', hash: hash('sha256', JSON.stringify(keys)).slice(0, 16), keys }
}
