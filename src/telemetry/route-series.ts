// The request metrics of one ApiProxy: a counter for each (method, status, code, outcome) that has happened, two
// histograms, and where the time went. Found once per route and kept, so that a request costs a lookup by one small integer.

import { METHODS, methodIndex, methodName } from './method.ts'
import type { Outcome } from './exchange-record.ts'
import type { Witness } from './exemplars.ts'
import type { Labels, Sample } from './exposition.ts'
import { NO_CODE, OTHER } from './names.ts'
import type { TimeSplit } from './time-split.ts'
import { TypedCounter } from './typed-counter.ts'
import { DURATION_BOUNDS, TypedHistogram } from './typed-histogram.ts'

/** Series with method and status as they are; of a new one beyond it they are `_OTHER` and a class (`2xx`). */
export const EXACT_SERIES_MAX = 256

/** Values of the label `part`, as the slots of `#spentMs`. */
const PARTS = ['gateway', 'upstream', 'plugins'] as const

const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'rejected', 'client_closed']
const OTHER_METHOD = methodIndex(OTHER)
const CODES_MAX = 100
const STATUS_MAX = 600
/** Above every status that can be sent: the classes, 1 to 5. */
const FOLDED = 1000

/**
 * Labels of requests beside those of their ApiProxy: one object for all ApiProxies, which saves most of what a series
 * takes in memory and in a scrape. Traffic is of a few hundred kinds; those beyond the limit have an object for each series.
 */
const REQUEST_LABELS = new Map<number, Labels>()
const REQUEST_LABELS_MAX = 4096

/** Labels of PARTS. */
const PART_LABELS: readonly Labels[] = PARTS.map((part) => ({ part }))

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
  /** The labels that every sample of it shares. */
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

  requestSamples(): Sample[] {
    return this.requests.samples(this.labels)
  }

  timeSamples(): Sample[] {
    return PART_LABELS.map((labels, slot) => ({
      labels,
      sharedLabels: this.labels,
      value: (this.#spentMs[slot] ?? 0) / 1000,
    }))
  }

  #slotOf(request: RequestLabels): number {
    const exact = keyOf(methodIndex(request.method), exactStatus(request.status), request)
    const known = this.#slots.get(exact)
    if (known !== undefined) return known
    if (this.#slots.size < EXACT_SERIES_MAX) {
      return this.#open(exact, methodName(request.method), statusName(request.status), request)
    }
    const folded = keyOf(OTHER_METHOD, foldedStatus(request.status), request)
    return this.#slots.get(folded) ?? this.#open(folded, OTHER, className(request.status), request)
  }

  #open(key: number, method: string, status: string, request: RequestLabels): number {
    const slot = this.requests.slot(requestLabels(key, method, status, request))
    this.#slots.set(key, slot)
    return slot
  }
}

function requestLabels(key: number, method: string, status: string, request: RequestLabels): Labels {
  const known = REQUEST_LABELS.get(key)
  if (known !== undefined) return known
  const { code, outcome } = request
  const made = { method, status, code: code < 0 ? NO_CODE : String(code).padStart(2, '0'), outcome }
  if (REQUEST_LABELS.size < REQUEST_LABELS_MAX) REQUEST_LABELS.set(key, made)
  return made
}

function keyOf(method: number, status: number, { code, outcome }: RequestLabels): number {
  return (
    ((status * CODES_MAX + code + 1) * METHODS.length + method) * OUTCOMES.length + OUTCOMES.indexOf(outcome)
  )
}

function exactStatus(status: number): number {
  return isNamed(status) ? status : STATUS_MAX
}

/** The exact one where the class has the same name: no two slots may. */
function foldedStatus(status: number): number {
  return isNamed(status) && status !== 0 ? FOLDED + Math.floor(status / 100) : exactStatus(status)
}

function className(status: number): string {
  return isNamed(status) && status !== 0 ? `${Math.floor(status / 100)}xx` : statusName(status)
}

function statusName(status: number): string {
  return isNamed(status) ? String(status) : OTHER
}

/** A status of HTTP, or 0: none was sent. */
function isNamed(status: number): boolean {
  return status === 0 || (status >= 100 && status < STATUS_MAX)
}
