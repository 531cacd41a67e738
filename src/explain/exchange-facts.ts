// A remembered exchange as facts: worked out when somebody asks, from the copies that were kept and, as long as it is
// kept too, from the snapshot that decided.

import { epochMs } from '../telemetry/clock.ts'
import { roundMs, splitTime } from '../telemetry/time-split.ts'
import type { ExchangeFacts, ReportedAttempt, ReportedObject, ReportedSpan } from './exchange-report.ts'
import { factsOf } from './flight-recorder.ts'
import type { KeptExchange } from './kept-exchange.ts'
import { pluginDecisions } from './plugin-decisions.ts'
import type { RouteFacts } from './route-facts.ts'

export function exchangeFacts(kept: KeptExchange): ExchangeFacts {
  const facts = factsOf(kept)
  const { route } = facts
  const attempts = kept.attempted ? [attemptOf(kept)] : []
  return {
    trace_id: kept.traceId,
    span_id: kept.spanId,
    parent_span_id: textOrNull(kept.parentSpanId),
    time: new Date(epochMs(kept.startedAt)).toISOString(),
    request: requestOf(kept),
    ...outcomeOf(kept),
    truncated: kept.truncated,
    apiproxy: route === undefined ? null : { namespace: route.namespace, name: route.apiproxy },
    route: route === undefined ? null : { path: route.path, virtual_host: route.virtual_host },
    target: route?.target ?? null,
    forward: null,
    revision: kept.pin?.revision ?? null,
    hash: kept.pin?.hash ?? null,
    stale: kept.pin?.stale ?? false,
    timing: timingOf(kept),
    bytes_in: kept.bytesIn,
    bytes_out: kept.bytesOut,
    spans: [serverSpan(kept, route?.path)],
    attempts,
    plugins: pluginsOf(kept, facts),
    ...objectsOf(facts),
    candidates: facts.candidates,
    candidates_cut: !facts.complete,
  }
}

/** The objects of a route as they are shown, those that are missing apart. */
export function objectsOf({ objects }: RouteFacts): Pick<ExchangeFacts, 'objects' | 'missing'> {
  const shown: ReportedObject[] = []
  const missing: { kind: string; namespace: string; name: string }[] = []
  for (const { kind, namespace, name, resourceVersion, role, missing: isMissing } of objects) {
    if (isMissing === true) missing.push({ kind, namespace, name })
    else shown.push({ kind, namespace, name, resourceVersion: resourceVersion ?? null, role })
  }
  return { objects: shown, missing }
}

function requestOf(kept: KeptExchange): ExchangeFacts['request'] {
  const { texts, headers } = kept
  return {
    method: kept.method,
    scheme: kept.scheme,
    host: texts.read('host'),
    port: kept.hostPort,
    path: texts.read('path'),
    query: texts.read('query'),
    http_version: kept.httpVersion,
    client: texts.read('client'),
    ...(headers.length > 0 && { headers, headers_cut: kept.headersCut }),
  }
}

function outcomeOf({ outcome, fact, rejection, status, detail, at }: KeptExchange) {
  const reason = outcome === 'rejected' ? rejection?.reason : fact?.reason
  return {
    outcome,
    status: status === 0 ? null : status,
    code: fact?.codeText ?? null,
    reason: reason ?? null,
    blame: fact?.blame ?? null,
    detail,
    at: at ?? null,
  }
}

function timingOf(kept: KeptExchange): ExchangeFacts['timing'] {
  const { startedAt, respondedAt, endedAt, pluginMs } = kept
  const attempt = kept.attempted
    ? { startedAt: kept.attemptStartedAt, headAt: kept.attemptHeadAt, endedAt: kept.attemptEndedAt }
    : undefined
  const times = { startedAt, respondedAt, endedAt, pluginMs, attempt }
  const split = splitTime(times, { totalMs: 0, upstreamMs: 0, gatewayMs: 0, pluginsMs: 0 })
  return {
    total_ms: roundMs(split.totalMs),
    gateway_ms: roundMs(split.gatewayMs),
    upstream_ms: kept.attempted ? roundMs(split.upstreamMs) : null,
    plugins_ms: kept.pluginMs === 0 ? null : roundMs(kept.pluginMs),
    responded_ms: kept.respondedAt === 0 ? null : since(kept, kept.respondedAt),
  }
}

function attemptOf(kept: KeptExchange): ReportedAttempt {
  return {
    endpoint: `${kept.attemptScheme}://${kept.texts.read('endpoint')}`,
    path: kept.texts.read('targetPath'),
    span_id: textOrNull(kept.attemptSpanId),
    start_ms: since(kept, kept.attemptStartedAt),
    head_ms: kept.attemptHeadAt === 0 ? null : since(kept, kept.attemptHeadAt),
    end_ms: since(kept, kept.attemptEndedAt === 0 ? kept.endedAt : kept.attemptEndedAt),
    status: kept.attemptStatus === 0 ? null : kept.attemptStatus,
    reason: kept.attemptFact?.reason ?? null,
  }
}

/** The spans as they were sent to the Collector, if any were. */
function serverSpan(kept: KeptExchange, path: string | undefined): ReportedSpan {
  const method = kept.method === '' ? 'HTTP' : kept.method
  const start = since(kept, kept.attemptStartedAt)
  const client: ReportedSpan = {
    span_id: kept.attemptSpanId,
    name: method,
    kind: 'client',
    start_ms: start,
    duration_ms: roundMs(Math.max(0, since(kept, kept.attemptEndedAt || kept.endedAt) - start)),
    children: [],
  }
  return {
    span_id: kept.spanId,
    name: path === undefined ? method : `${method} ${path}`,
    kind: 'server',
    start_ms: 0,
    duration_ms: since(kept, kept.endedAt),
    children: kept.attempted && kept.attemptSpanId !== '' ? [client] : [],
  }
}

function pluginsOf(kept: KeptExchange, { route }: RouteFacts): ExchangeFacts['plugins'] {
  return pluginDecisions(route?.plugins ?? [], {
    ended: kept.plugin,
    method: kept.pluginMethod,
    failed: kept.fact !== undefined,
    ran: kept.fact?.reason !== 'apiproxy_invalid',
  })
}

function since({ startedAt }: KeptExchange, at: number): number {
  return roundMs(Math.max(0, at - startedAt))
}

function textOrNull(text: string): string | null {
  return text === '' ? null : text
}
