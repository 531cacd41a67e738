// Runs the guards that are built in at their places among a route's plugins: asks the pure verdict, then does what is an
// effect (counting against limits), and notes on the exchange's record what decided.

import { type Failure, failureAt } from '../errors/failure.ts'
import type { GuardName } from '../errors/guard-of.ts'
import type { ApiKeyGuard } from '../snapshot/compile-api-key-guard.ts'
import type { JwtGuard } from '../snapshot/compile-jwt.ts'
import type { Guard, TokenGuard } from '../snapshot/guard.ts'
import { EMPTY_KEY_TABLE } from '../snapshot/key-table.ts'
import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import type { KeyRing } from './apikey/key-ring.ts'
import { bindingSite, judgeKey, type KeyVerdict } from './apikey/verdict.ts'
import type { PluginResult } from './host.ts'
import { applyClaims } from './jwt/claim-headers.ts'
import type { TokenVerdict, TokenVerifier } from './jwt/token-verifier.ts'
import { limitFields } from './limits/limit-fields.ts'
import type { Allowance, Limiter, LimitVerdict } from './limits/limiter.ts'
import type { RequestView } from './request-view.ts'

export interface GuardParts {
  readonly keys: Pick<KeyRing, 'digestOf'>
  /** `plugins.apiKey.header_key`. */
  readonly apiKeyHeader: string
  readonly tokens: Pick<TokenVerifier, 'verify'>
  readonly limiter: Pick<Limiter, 'take'>
}

export class Guards {
  readonly #parts: GuardParts

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /**
   * A promise only where something has to be waited for; it never rejects.
   * @param answerFields gets what the answer is to carry, whatever it will be: a flat name, value list
   */
  run(
    guard: Guard,
    request: RequestView,
    record: ExchangeRecord,
    answerFields: string[],
  ): PluginResult | Promise<PluginResult> {
    return guard.type === 'apikey'
      ? this.#apiKey(guard, request, record, answerFields)
      : this.#token(guard, request, record)
  }

  #apiKey(
    guard: ApiKeyGuard,
    request: RequestView,
    record: ExchangeRecord,
    answerFields: string[],
  ): PluginResult | Promise<PluginResult> {
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
    const allowance = allowanceOf(guard, verdict)
    if (allowance === undefined) {
      passed(record, 'apikey')
      return undefined
    }
    const limits = this.#parts.limiter.take(allowance)
    return limits instanceof Promise
      ? limits.then((settled) => limited(settled, allowance, guard, record, answerFields))
      : limited(limits, allowance, guard, record, answerFields)
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

/** Undefined where nothing is to be counted. */
function allowanceOf({ scope }: ApiKeyGuard, { apiKey, grant }: KeyVerdict): Allowance | undefined {
  if (apiKey === undefined || grant === undefined) return undefined
  const { rate, quota } = grant
  if (rate === undefined && quota === undefined) return undefined
  return {
    id: `${scope}|${apiKey}`,
    ...(rate !== undefined && { rate }),
    ...(quota !== undefined && { quota }),
  }
}

function limited(
  limits: LimitVerdict,
  allowance: Allowance,
  guard: ApiKeyGuard,
  record: ExchangeRecord,
  answerFields: string[],
): PluginResult {
  answerFields.push(...limitFields(limits))
  record.limitFallback = limits.fallback
  if (limits.failure !== undefined) {
    return { type: 'failure', failure: limitFailure(limits.failure, limits, allowance, guard, record) }
  }
  passed(record, 'apikey')
  return undefined
}

function limitFailure(
  reason: NonNullable<LimitVerdict['failure']>,
  { fallback }: LimitVerdict,
  { rate, quota }: Allowance,
  guard: ApiKeyGuard,
  { apiKey = '' }: ExchangeRecord,
): Failure {
  const by =
    fallback === undefined ? '' : `; decided by ${fallback.by}, for the store failed (${fallback.cause})`
  const said = {
    rate_exceeded: `${rate?.amount} requests a ${rate?.unit}`,
    quota_exceeded: `${quota} requests in all`,
    limit_store_failed: 'the store of limits did not decide',
  }[reason]
  const detail = `${said}: ApiKeyBinding ${guard.binding}, ApiKey ${apiKey}${by}`
  return failureAt(reason, bindingSite(guard, 'keys'), detail)
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
