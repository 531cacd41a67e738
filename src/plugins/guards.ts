// Runs the guards that are built in at their places among a route's plugins: asks the pure verdict, then does what is an
// effect (counting against limits), and notes on the exchange's record what decided.

import type { Guard } from '../snapshot/guard.ts'
import type { GuardName } from '../errors/guard-of.ts'
import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import type { ApiKeyGuard } from '../snapshot/compile-api-key-guard.ts'
import { EMPTY_KEY_TABLE } from '../snapshot/key-table.ts'
import type { KeyRing } from './apikey/key-ring.ts'
import { judgeKey } from './apikey/verdict.ts'
import type { PluginResult } from './host.ts'
import type { RequestView } from './request-view.ts'

export interface GuardParts {
  readonly keys: Pick<KeyRing, 'digestOf'>
  /** `plugins.apiKey.header_key`. */
  readonly apiKeyHeader: string
}

export class Guards {
  readonly #parts: GuardParts

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /** A promise only where something has to be waited for; it never rejects. */
  run(guard: Guard, request: RequestView, record: ExchangeRecord): PluginResult | Promise<PluginResult> {
    return this.#apiKey(guard, request, record)
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
}

function passed(record: ExchangeRecord, guard: GuardName): void {
  record.guardsPassed = [...record.guardsPassed, guard]
}
