// Runs the guards that are built in at their places among a route's plugins: asks the pure verdict, then does what is an
// effect (counting against limits), and notes on the exchange's record what decided.

import type { GuardName } from '../errors/guard-of.ts'
import type { ApiKeyGuard } from '../snapshot/compile-api-key-guard.ts'
import type { JwtGuard } from '../snapshot/compile-jwt.ts'
import type { Guard, TokenGuard } from '../snapshot/guard.ts'
import { EMPTY_KEY_TABLE } from '../snapshot/key-table.ts'
import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import type { KeyRing } from './apikey/key-ring.ts'
import { judgeKey } from './apikey/verdict.ts'
import type { PluginResult } from './host.ts'
import { applyClaims } from './jwt/claim-headers.ts'
import type { TokenVerdict, TokenVerifier } from './jwt/token-verifier.ts'
import type { RequestView } from './request-view.ts'

export interface GuardParts {
  readonly keys: Pick<KeyRing, 'digestOf'>
  /** `plugins.apiKey.header_key`. */
  readonly apiKeyHeader: string
  readonly tokens: Pick<TokenVerifier, 'verify'>
}

export class Guards {
  readonly #parts: GuardParts

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /** A promise only where something has to be waited for; it never rejects. */
  run(guard: Guard, request: RequestView, record: ExchangeRecord): PluginResult | Promise<PluginResult> {
    return guard.type === 'apikey'
      ? this.#apiKey(guard, request, record)
      : this.#token(guard, request, record)
  }

  #apiKey(guard: ApiKeyGuard, request: RequestView, record: ExchangeRecord): PluginResult {
    const { keys, apiKeyHeader } = this.#parts
    const verdict = judgeKey(guard, record.snapshot?.keys ?? EMPTY_KEY_TABLE, {
      method: request.method,
      targetPath: request.targetPath,
      presented: request.headerValues(apiKeyHeader),
      digestOf: keys.digestOf,
    })
    record.apiKey = verdict.apiKey
    record.apiKeyRule = verdict.rule
    if (verdict.failure !== undefined) return { type: 'failure', failure: verdict.failure }
    passed(record, guard.type)
    return undefined
  }

  #token(
    guard: TokenGuard,
    request: RequestView,
    record: ExchangeRecord,
  ): PluginResult | Promise<PluginResult> {
    if (guard.jwt === undefined) return { type: 'failure', failure: guard.failure }
    const { jwt } = guard
    const verdict = this.#parts.tokens.verify(jwt, request.headers(), Date.now())
    return verdict instanceof Promise
      ? verdict.then((settled) => judged(settled, jwt, request, record))
      : judged(verdict, jwt, request, record)
  }
}

function judged(
  verdict: TokenVerdict,
  jwt: JwtGuard,
  request: RequestView,
  record: ExchangeRecord,
): PluginResult {
  if (verdict.type === 'failure') return { type: 'failure', failure: verdict.failure }
  record.tokenIssuer = verdict.facts.issuer
  applyClaims(jwt, verdict, verdict.place, request)
  passed(record, 'jwt')
  return undefined
}

function passed(record: ExchangeRecord, guard: GuardName): void {
  record.guardsPassed = [...record.guardsPassed, guard]
}
