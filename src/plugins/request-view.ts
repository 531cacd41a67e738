// The request as plugins see it: facts of the exchange and a copy-on-write list of its header fields.
// One view serves all plugins of an exchange, so that each sees what those before it changed.

import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import { HeaderFields } from './header-fields.ts'
import type { PluginRequest } from './plugin.ts'

/** What a view reads of the exchange's record; `rawHeaders` is never changed. */
export type RequestFacts = Readonly<
  Pick<ExchangeRecord, 'method' | 'path' | 'query' | 'host' | 'clientAddress' | 'traceId' | 'rawHeaders'>
>

/** Its facts are getters without setters: a plugin cannot lie about them to the plugins that follow. */
export class RequestView extends HeaderFields implements PluginRequest {
  readonly #facts: RequestFacts
  readonly #targetPath: string

  constructor(facts: RequestFacts, targetPath: string) {
    super(facts.rawHeaders)
    this.#facts = facts
    this.#targetPath = targetPath
  }

  get method(): string {
    return this.#facts.method
  }

  get path(): string {
    return this.#facts.path
  }

  get query(): string {
    return this.#facts.query
  }

  get host(): string {
    return this.#facts.host
  }

  get clientAddress(): string {
    return this.#facts.clientAddress
  }

  get targetPath(): string {
    return this.#targetPath
  }

  get traceId(): string {
    return this.#facts.traceId
  }
}
