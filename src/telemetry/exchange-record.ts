// Everything that the signals of one request are made of, in one flat object that the exchange fills as it goes.
// It holds no behaviour: record.ts reads it once, when the exchange is finished, and writes every signal from it.

import type { Span } from '@opentelemetry/api'
import type { Failure } from '../errors/failure.ts'
import type { GuardName } from '../errors/guard-of.ts'
import type { Fallback, StoreFailure } from '../errors/store-failures.ts'
import type { Rejection } from '../errors/rejections.ts'
import type { Route, Snapshot } from '../snapshot/snapshot.ts'
import type { TraceParent } from './trace-context.ts'

/** What became of a request. An upstream's own 5xx, relayed, is `ok`: the gateway did its work. */
export type Outcome = 'ok' | 'error' | 'rejected' | 'client_closed'

const NO_GUARDS: readonly GuardName[] = []

/** One request sent to one endpoint. */
export interface Attempt {
  /** `host:port` as connected to. */
  readonly endpoint: string
  readonly host: string
  readonly port: number
  readonly scheme: 'http' | 'https'
  readonly path: string
  readonly startedAt: number
  /** Head of the answer received; 0 while not. */
  headAt: number
  endedAt: number
  /** How often the transport has sent it again on another connection; absent where it has not. */
  resends?: number | undefined
  status: number
  failure: Failure | undefined
  /** Where it is one of the SDK's. */
  span: Span | undefined
  /** Its client span has begun and not ended. */
  spanOpen: boolean
  /** Of its client span; empty where there is none. */
  spanId: string
}

/** Times are `performance.now()` milliseconds; 0 is "has not happened". */
export class ExchangeRecord {
  /** 32 and 16 hex digits, set by `Recorder.begin`. */
  traceId = ''
  spanId = ''
  /** Where it is one of the SDK's. */
  span: Span | undefined = undefined
  /** Its spans are recorded and sampled: only then can its ids be looked up. */
  sampled = false
  /** The client's span, where a new trace was begun with a link to it. */
  restartedFrom: TraceParent | undefined = undefined
  /** Span of the client's side that our span is a child of; empty for a new trace. */
  parentSpanId = ''
  /** W3C trace flags that go upstream; bit 0: this exchange, or without tracing its client's, is sampled. */
  traceFlags = 0
  /** What goes upstream as `tracestate`, validated by `Recorder.begin`; empty where there is none. */
  tracestate = ''
  /** Its signals have been written: they are written once. */
  recorded = false

  startedAt = 0
  /** Head of our answer handed to the socket. */
  respondedAt = 0
  endedAt = 0
  /** Time in plugins, both ways, in milliseconds. */
  pluginMs = 0

  /** As sent; the signals turn unknown ones into `_OTHER`. Empty where the parser refused before there was a request. */
  method = ''
  /** Raw path without query. */
  path = ''
  /** Without the question mark. */
  query = ''
  /** Lower case, without port. */
  host = ''
  hostPort = 0
  scheme: 'http' | 'https' = 'http'
  httpVersion = '1.1'
  clientAddress = ''
  peerAddress = ''
  peerPort = 0
  userAgent: string | undefined = undefined
  /** Flat name, value list as received; only for masked header attributes and never changed. */
  rawHeaders: readonly string[] = []
  /** What may be shown of query and headers, once a signal has asked (shown-request.ts). */
  shownQuery: string | undefined = undefined
  shownHeaders: readonly (readonly [name: string, value: string])[] | undefined = undefined

  snapshot: Snapshot | undefined = undefined
  route: Route | undefined = undefined
  attempt: Attempt | undefined = undefined

  outcome: Outcome = 'ok'
  failure: Failure | undefined = undefined
  rejection: Rejection | undefined = undefined
  /** Status that was sent; 0 where none was. */
  status = 0
  /** The failure came after the head had been sent. */
  truncated = false
  bytesIn = 0
  bytesOut = 0
  requestTrailersDropped = false
  /** Name of the ApiKey whose key was presented, where it is known; never the key. */
  apiKey: string | undefined = undefined
  /** The rule of the ApiKeyBinding that decided. */
  apiKeyRule: string | undefined = undefined
  /** Present where the store of limits did not decide: who did, and what was wrong with the store. */
  limitFallback: { readonly by: Fallback; readonly cause: StoreFailure } | undefined = undefined
  /** Who issued the token that was found good. */
  tokenIssuer: string | undefined = undefined
  /** Built-in guards that let the request pass. */
  guardsPassed: readonly GuardName[] = NO_GUARDS
  /** Name of the plugin that answered or failed. */
  plugin: string | undefined = undefined
  /** In which of its methods. */
  pluginMethod: 'onRequest' | 'onResponse' | undefined = undefined
}
