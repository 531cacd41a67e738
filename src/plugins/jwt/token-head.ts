// The head of a token, read before any key is touched: JWS compact serialisation (RFC 7515), an algorithm that the guard
// accepts, and the name of a key. Names of a key, and keys or addresses in the head, are never followed: `jku`, `x5u`,
// `jwk` and `x5c` are as if they were not there.

import { quoted } from '../../config/quoted-text.ts'
import { failure, type Failure } from '../../errors/failure.ts'
import type { JwtGuard } from '../../snapshot/compile-jwt.ts'

export interface TokenHead {
  readonly algorithm: string
  /** Compared with names of keys, and nothing else. */
  readonly kid: string | undefined
}

const PART = /^[A-Za-z0-9_-]+$/
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const UTF8 = new TextDecoder('utf-8', { fatal: true })

export function readHead(token: string, guard: JwtGuard): TokenHead | Failure {
  const parts = token.split('.')
  if (parts.length === 5) return malformed('it has five parts: encrypted tokens are not supported')
  if (parts.length !== 3) return malformed('it is not three parts joined by dots')
  if (!parts.every(isBase64Url)) return malformed('a part of it is not base64url without padding')
  const head = readObject(Buffer.from(parts[0] ?? '', 'base64url'))
  if (head === undefined) return malformed('its head is not a JSON object')
  const { alg, kid } = head
  if (typeof alg !== 'string') return malformed('its head has no alg')
  if (!guard.algorithms.includes(alg)) {
    const accepted = guard.algorithms.join(', ')
    return failure('token_algorithm_denied', `the token has alg ${quoted(alg)}; accepted: ${accepted}`)
  }
  // RFC 7515 section 4.1.11: what must be understood and is not makes the token invalid. We understand none.
  if (Object.hasOwn(head, 'crit')) return malformed('its head has crit, and no extension is supported')
  if (kid !== undefined && typeof kid !== 'string') return malformed('its kid is not a text')
  return { algorithm: alg, kid }
}

/** A JSON object in UTF-8; undefined for everything else. */
export function readObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(UTF8.decode(bytes))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** Only the one text that stands for the bytes: the bits behind the last byte must be 0, so that no token has a twin. */
function isBase64Url(part: string): boolean {
  if (!PART.test(part)) return false
  const last = ALPHABET.indexOf(part.at(-1) ?? '')
  switch (part.length % 4) {
    case 0:
      return true
    case 2:
      return last % 16 === 0
    case 3:
      return last % 4 === 0
    default:
      return false
  }
}

function malformed(why: string): Failure {
  return failure('token_malformed', `the token cannot be read: ${why}`)
}
