// The request metrics of one ApiProxy: a counter for each (method, status, code, outcome) that has happened, two
// histograms, and where the time went. Found once per route and kept, so that a request costs a lookup by one small integer.

import { METHODS, methodIndex } from './method.ts'
import type { Outcome } from './exchange-record.ts'
import type { Witness } from './exemplars.ts'
import type { Sample } from './exposition.ts'
import { NO_CODE, OTHER } from './names.ts'
import type { TimeSplit } from './time-split.ts'
import { TypedCounter } from './typed-counter.ts'
import { DURATION_BOUNDS, TypedHistogram } from './typed-histogram.ts'

/** Series with the exact status; beyond it the status of a new series is its class (`2xx`). */
export const EXACT_SERIES_MAX = 256

/** Values of the label `part`, as the slots of `#spentMs`. */
const PARTS = ['gateway', 'upstream', 'plugins'] as const

const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'rejected', 'client_closed']
const CODES_MAX = 100
const STATUS_MAX = 600
/** Above every status: the folded ones, 0 to 6. */
const FOLDED = 1000

/** What one request is counted by. */
export interface RequestLabels {
  /** As sent. */
  readonly method: string
  /** 0 where none was sent. */
  readonly status: number
  /** 0 to 14, or -1 where there is none. */
  readonly code: number
  readonly outcome: Outcome
}

export class RouteSeries {
  readonly namespace: string
  readonly apiproxy: string
  /** The labels that every histogram sample of it shares. */
  readonly labels: { readonly namespace: string; readonly apiproxy: string }
  readonly requests = new TypedCounter()
  readonly duration = new TypedHistogram(DURATION_BOUNDS)
  readonly upstream = new TypedHistogram(DURATION_BOUNDS)
  readonly #slots = new Map<number, number>()
  readonly #spentMs = new Float64Array(PARTS.length)

  constructor(namespace: string, apiproxy: string) {
    this.namespace = namespace
    this.apiproxy = apiproxy
    this.labels = { namespace, apiproxy }
  }

  count(request: RequestLabels, witness: Witness): void {
    this.requests.add(this.#slotOf(request), 1, witness)
  }

  /** Adds where the time of one request went, up to the head of its answer. */
  spend(times: TimeSplit): void {
    const spent = this.#spentMs
    spent[0] = (spent[0] ?? 0) + times.gatewayMs
    spent[1] = (spent[1] ?? 0) + times.upstreamMs
    spent[2] = (spent[2] ?? 0) + times.pluginsMs
  }

  timeSamples(): Sample[] {
    return PARTS.map((part, slot) => ({
      labels: { part },
      sharedLabels: this.labels,
      value: (this.#spentMs[slot] ?? 0) / 1000,
    }))
  }

  #slotOf({ method, status, code, outcome }: RequestLabels): number {
    const methodAt = methodIndex(method)
    const outcomeAt = OUTCOMES.indexOf(outcome)
    const exact = this.#slots.get(keyOf(methodAt, status, code, outcomeAt))
    if (exact !== undefined) return exact
    const folds = this.#slots.size >= EXACT_SERIES_MAX && status !== 0
    const key = keyOf(methodAt, folds ? FOLDED + classOf(status) : status, code, outcomeAt)
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const slot = this.requests.slot({
      ...this.labels,
      method: METHODS[methodAt] ?? OTHER,
      status: folds ? className(status) : statusName(status),
      code: code < 0 ? NO_CODE : String(code).padStart(2, '0'),
      outcome,
    })
    this.#slots.set(key, slot)
    return slot
  }
}

function keyOf(method: number, status: number, code: number, outcome: number): number {
  const known =
    status < 0 || (status >= STATUS_MAX && status < FOLDED) || status > FOLDED + 6 ? STATUS_MAX : status
  return ((known * CODES_MAX + code + 1) * METHODS.length + method) * OUTCOMES.length + outcome
}

function classOf(status: number): number {
  return status >= 100 && status < STATUS_MAX ? Math.floor(status / 100) : 6
}

function className(status: number): string {
  const of = classOf(status)
  return of === 6 ? OTHER : `${of}xx`
}

function statusName(status: number): string {
  return status === 0 || (status >= 100 && status < STATUS_MAX) ? String(status) : OTHER
}
