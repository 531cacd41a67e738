// Every number that decides whether an alert fires, with its unit and why it is what it is. A fork changes them here and
// runs `npm run generate`; no rule may hold a number of its own.

import type { Blame } from '../../src/errors/catalogue-entry.ts'
import { promDuration } from './duration.ts'
import type { Severity } from './rule.ts'

type Unit = 'seconds' | 'share' | 'requests/s' | 'questions/s' | 'events'

export interface Threshold {
  readonly value: number
  readonly unit: Unit
  readonly why: string
}

/** When the share of requests that end in one code with one blame is worth how much attention. */
export interface CodeLevel {
  readonly blame: Blame
  readonly severity: Severity
  /** Of all requests of the deployment; above it. */
  readonly share: number
  readonly forS: number
  /** Least traffic of the deployment in requests a second: below it a share says nothing. */
  readonly trafficMin: number
  readonly why: string
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const CODE_LEVELS: readonly CodeLevel[] = [
  {
    blame: 'client',
    severity: 'info',
    share: 0.3,
    forS: 15 * MINUTE,
    trafficMin: 0.5,
    why: 'scanners and clients with old keys are there every day; a third of the traffic is worth a look, no more',
  },
  {
    blame: 'client',
    severity: 'ticket',
    share: 0.5,
    forS: 30 * MINUTE,
    trafficMin: 1,
    why: 'half of the traffic for half an hour is rarely the clients alone: a route or a binding was renamed',
  },
  {
    blame: 'config',
    severity: 'ticket',
    share: 0.01,
    forS: 10 * MINUTE,
    trafficMin: 0.2,
    why: 'what is wrong in a resource stays so until somebody mends it',
  },
  {
    blame: 'config',
    severity: 'page',
    share: 0.05,
    forS: 5 * MINUTE,
    trafficMin: 1,
    why: 'one request of twenty fails, and a roll-back mends it now',
  },
  {
    blame: 'upstream',
    severity: 'ticket',
    share: 0.01,
    forS: 10 * MINUTE,
    trafficMin: 0.2,
    why: 'restarts of an upstream are over within that time',
  },
  {
    blame: 'upstream',
    severity: 'page',
    share: 0.1,
    forS: 5 * MINUTE,
    trafficMin: 1,
    why: 'a tenth of all traffic: a busy upstream is down, or the network is',
  },
  {
    blame: 'plugin',
    severity: 'ticket',
    share: 0.01,
    forS: 10 * MINUTE,
    trafficMin: 0.2,
    why: 'a plugin fails the same way until it is mended',
  },
  {
    blame: 'plugin',
    severity: 'page',
    share: 0.05,
    forS: 5 * MINUTE,
    trafficMin: 1,
    why: 'one request of twenty fails in code that was deployed with the gateway',
  },
  {
    blame: 'gateway',
    severity: 'ticket',
    share: 0.001,
    forS: 5 * MINUTE,
    trafficMin: 0.2,
    why: 'the gateway has no share of errors that is usual: this is the whole budget of the objective',
  },
  {
    blame: 'gateway',
    severity: 'page',
    share: 0.01,
    forS: 5 * MINUTE,
    trafficMin: 1,
    why: 'ten times the whole budget of the objective',
  },
]

export const THRESHOLDS = {
  'rate.window': {
    value: 5 * MINUTE,
    unit: 'seconds',
    why: 'of all rates: five scrapes a minute apart, so that two lost scrapes change nothing',
  },
  'recent.window': {
    value: 15 * MINUTE,
    unit: 'seconds',
    why: 'of alerts on a single event: it fires at once and is over a quarter of an hour after the last one',
  },
  'refused.share': {
    value: 0.9,
    unit: 'share',
    why: 'client-blamed errors page in this case only: nearly nothing of a busy gateway gets through',
  },
  'refused.for': { value: 10 * MINUTE, unit: 'seconds', why: 'a scan is usually over by then' },
  'refused.traffic': { value: 5, unit: 'requests/s', why: 'a quiet gateway is scanned more than it is used' },
  'apiproxy.share': {
    value: 0.5,
    unit: 'share',
    why: 'of the requests of one ApiProxy: small ones disappear in the shares of the whole deployment',
  },
  'apiproxy.for': { value: 10 * MINUTE, unit: 'seconds', why: 'longer than a roll-out of its upstream' },
  'apiproxy.traffic': {
    value: 0.05,
    unit: 'requests/s',
    why: 'three requests a minute, so that one is not half',
  },
  'overloaded.rate': {
    value: 0.1,
    unit: 'requests/s',
    why: 'a single burst at a limit is what the limit is for',
  },
  'overloaded.for': {
    value: 5 * MINUTE,
    unit: 'seconds',
    why: 'longer than an autoscaler takes to add a replica',
  },
  'slo.objective': {
    value: 0.999,
    unit: 'share',
    why: 'of the requests that are not the fault of their clients; the error budget is the rest to 1',
  },
  'slo.traffic': {
    value: 0.1,
    unit: 'requests/s',
    why: 'on the average of the long window: with less, a few errors burn the budget of a day',
  },
  'absent.memory': {
    value: 6 * HOUR,
    unit: 'seconds',
    why: 'how long a deployment that was scraped is missed; one that was taken away on purpose is forgotten then',
  },
  'absent.for': { value: 3 * MINUTE, unit: 'seconds', why: 'longer than a restart of a single replica' },
  'unscraped.for': { value: 10 * MINUTE, unit: 'seconds', why: 'longer than a node takes to be replaced' },
  'none-ready.for': { value: 2 * MINUTE, unit: 'seconds', why: 'longer than a start with many objects' },
  'not-ready.for': { value: 10 * MINUTE, unit: 'seconds', why: 'the others serve; a start takes seconds' },
  'hashes.for': {
    value: 2 * MINUTE,
    unit: 'seconds',
    why: 'replicas hear of a change within seconds; two minutes are no delay any more',
  },
  'hashes.page': {
    value: 15 * MINUTE,
    unit: 'seconds',
    why: 'clients get answers that depend on the replica for as long',
  },
  'scrape.for': {
    value: 10 * MINUTE,
    unit: 'seconds',
    why: 'it is a setting: it does not go away by itself',
  },
  'stale.ticket': {
    value: 2 * MINUTE,
    unit: 'seconds',
    why: 'longer than an API server takes to restart and a watch to come back',
  },
  'stale.page': {
    value: 30 * MINUTE,
    unit: 'seconds',
    why: 'no change, and no new endpoint, has come for as long',
  },
  'kind.for': { value: 15 * MINUTE, unit: 'seconds', why: 'a first list takes seconds' },
  'problems.for': {
    value: 10 * MINUTE,
    unit: 'seconds',
    why: 'a file that is being edited is mended by then',
  },
  'condition.for': {
    value: HOUR,
    unit: 'seconds',
    why: 'its owner sees the condition at once; an hour is forgotten',
  },
  'propagation.p99': {
    value: 2.5,
    unit: 'seconds',
    why: 'a bound of the histogram; an event usually takes milliseconds',
  },
  'propagation.events': {
    value: 5,
    unit: 'events',
    why: 'within the recent window: one slow event is no trend',
  },
  'propagation.for': {
    value: 10 * MINUTE,
    unit: 'seconds',
    why: 'a start with many objects is over by then',
  },
  'journal.for': { value: 2 * MINUTE, unit: 'seconds', why: 'the journal tries again by itself' },
  'dropped.events': {
    value: 100,
    unit: 'events',
    why: 'spans or log lines within the recent window; a restart of the Collector loses some',
  },
  'store.share': { value: 0.05, unit: 'share', why: 'of the questions to the shared store of limits' },
  'store.traffic': { value: 0.2, unit: 'questions/s', why: 'below it one time-out is a large share' },
  'store.for': { value: 5 * MINUTE, unit: 'seconds', why: 'longer than a failover of the store' },
  'fallback.rate': { value: 0.02, unit: 'requests/s', why: 'about one request a minute' },
  'fallback.for': { value: 5 * MINUTE, unit: 'seconds', why: 'longer than a failover of the store' },
  'certificate.ticket': {
    value: 21 * DAY,
    unit: 'seconds',
    why: 'renewal is due at a third of 90 days, and is late',
  },
  'certificate.page': { value: 3 * DAY, unit: 'seconds', why: 'a weekend is left' },
  'certificate.for': { value: 30 * MINUTE, unit: 'seconds', why: 'a renewal that is under way ends it' },
  'workers.page': {
    value: 3,
    unit: 'events',
    why: 'one is an accident; a fourth within a quarter of an hour means that its successors end like it',
  },
  'lag.ticket': { value: 0.1, unit: 'seconds', why: 'added to the slowest hundredth of all requests' },
  'lag.page': { value: 1, unit: 'seconds', why: 'probes and clients begin to time out' },
  'lag.for': { value: 10 * MINUTE, unit: 'seconds', why: 'a large change of configuration is over by then' },
} as const satisfies Readonly<Record<string, Threshold>>

export type ThresholdName = keyof typeof THRESHOLDS

/** The number alone, in the unit of its row. */
export function threshold(name: ThresholdName): number {
  return THRESHOLDS[name].value
}

/** A row in seconds as Prometheus writes durations. */
export function duration(name: ThresholdName): string {
  return promDuration(threshold(name))
}
