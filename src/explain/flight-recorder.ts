// The flight recorder: the last exchanges in bounded memory, failed ones kept longer than good ones, so that a person
// without any trace store can still look. It is called once per finished exchange, beside the other signals and with the
// very record that they are written from. Everything that costs time waits until somebody asks.

import type { Snapshot } from '../snapshot/snapshot.ts'
import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import type { Mask } from '../telemetry/masking.ts'
import type { ExchangeKeeper } from '../telemetry/record.ts'
import { FailureShelf } from './failure-shelf.ts'
import { KeptExchange } from './kept-exchange.ts'
import { type Pin, PinnedSnapshots } from './pinned-snapshots.ts'
import { ownFacts, type RouteFacts, routeFacts } from './route-facts.ts'
import { REGION_BYTES, TextRegion } from './text-region.ts'

export interface FlightRecorderOptions {
  /** `explain.exchanges` */
  readonly exchanges: number
  /** `explain.failed_exchanges` */
  readonly failedExchanges: number
  /** Of PinnedSnapshots. */
  readonly snapshotsMax?: number
}

/**
 * Of the failed exchanges of a snapshot that is let go, so many get the routes that nearly fitted, too: each of them
 * walks all routes.
 */
export const NEAREST_PER_RELEASE = 8

export class FlightRecorder implements ExchangeKeeper {
  readonly #goodMax: number
  readonly #good: KeptExchange[] = []
  readonly #goodTexts: Buffer
  readonly #failed: FailureShelf
  readonly #pins: PinnedSnapshots
  readonly #enabled: boolean
  #sequence = 0
  #next = 0

  constructor({ exchanges, failedExchanges, snapshotsMax }: FlightRecorderOptions) {
    this.#enabled = exchanges + failedExchanges > 0
    this.#goodMax = exchanges
    this.#goodTexts = Buffer.alloc(exchanges * REGION_BYTES)
    const failedTexts = Buffer.alloc(failedExchanges * REGION_BYTES)
    this.#failed = new FailureShelf(
      failedExchanges,
      (index) => new KeptExchange(new TextRegion(failedTexts, index)),
    )
    this.#pins = new PinnedSnapshots((pin) => this.#release(pin), snapshotsMax)
  }

  /** Remembers a finished exchange. Nothing of the record itself is kept. */
  keep(record: ExchangeRecord, mask: Mask): void {
    if (!this.#enabled) return
    const place = isFailed(record) ? this.#failed.place(shelfOf(record)) : this.#goodPlace()
    if (place === undefined) return
    this.#sequence += 1
    place.fill(record, mask, this.#pinOf(record.snapshot), this.#sequence)
  }

  /** The newest first. What is returned is filled again later: read it in the same turn. */
  newest(): readonly KeptExchange[] {
    return [...this.#good, ...this.#failed].sort((a, b) => b.sequence - a.sequence)
  }

  /** All that is remembered of a trace, the oldest first. */
  ofTrace(traceId: string): readonly KeptExchange[] {
    return this.newest()
      .filter((kept) => kept.traceId === traceId)
      .reverse()
  }

  /** How many snapshots are kept alive by what is remembered. */
  get snapshotsPinned(): number {
    return this.#pins.size
  }

  #goodPlace(): KeptExchange | undefined {
    if (this.#goodMax === 0) return undefined
    const index = this.#next
    this.#next = index + 1 === this.#goodMax ? 0 : index + 1
    const known = this.#good[index]
    if (known !== undefined) return known
    const made = new KeptExchange(new TextRegion(this.#goodTexts, index))
    this.#good.push(made)
    return made
  }

  #pinOf(snapshot: Snapshot | undefined): Pin | undefined {
    return snapshot === undefined ? undefined : this.#pins.pinOf(snapshot)
  }

  /** Writes down what is worth keeping: of good exchanges the names, of failed ones all but the walk over all routes. */
  #release(pin: Pin): void {
    const { snapshot } = pin
    if (snapshot === undefined) return
    for (const kept of this.#good) {
      if (kept.pin === pin) kept.release(ownFacts(routeFacts(askedOf(kept, snapshot), 'names')))
    }
    const walked = new Map<string, RouteFacts>()
    for (const kept of this.#failed) {
      if (kept.pin !== pin) continue
      const asked = askedOf(kept, snapshot)
      const key = `${kept.route?.namespace}/${kept.route?.apiproxy} ${asked.host} ${asked.path}`
      let facts = walked.get(key)
      if (facts === undefined) {
        facts = ownFacts(routeFacts(asked, walked.size < NEAREST_PER_RELEASE ? 'all' : 'considered'))
        if (facts.complete) walked.set(key, facts)
      }
      kept.release(facts)
    }
  }
}

/** What a snapshot that is still there says about a remembered exchange; what was written down of one that is gone. */
export function factsOf(kept: KeptExchange): RouteFacts {
  const snapshot = kept.pin?.snapshot
  if (kept.facts !== undefined) return kept.facts
  if (snapshot === undefined) return NOTHING
  return routeFacts(askedOf(kept, snapshot), 'all')
}

const NOTHING: RouteFacts = { route: undefined, objects: [], candidates: [], complete: true }

function askedOf(kept: KeptExchange, snapshot: Snapshot) {
  return { snapshot, route: kept.route, path: kept.texts.read('path'), host: kept.texts.read('host') }
}

/** An upstream's own 5xx is no failure of ours, and still what people look for. */
function isFailed({ outcome, status }: ExchangeRecord): boolean {
  return outcome !== 'ok' || status >= 500
}

function shelfOf({ outcome, failure, rejection, status }: ExchangeRecord): string {
  if (outcome === 'error') return failure?.fact.reason ?? 'error'
  if (outcome === 'rejected') return `rejected/${rejection?.reason ?? ''}`
  return outcome === 'client_closed' ? outcome : `upstream/${Math.floor(status / 100)}xx`
}
