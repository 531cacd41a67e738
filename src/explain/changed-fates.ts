// Which recorded requests would be decided otherwise under another configuration: from which route or code to which, and
// how many. Both sides are decided by the very function that exchanges call; nothing is sent.

import { decide } from '../decide.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { RecordedRequest, RecordedTraffic } from './recorded-traffic.ts'

export interface ChangedFate {
  /** `shop/cart -> http://10.0.0.7:8080`, `code 00 (no_path_matched)`. */
  readonly from: string
  readonly to: string
  /** It was served, and would be answered with a code. */
  readonly breaks: boolean
  readonly count: number
  /** One of them. */
  readonly example: RecordedRequest
}

export interface Replayed {
  readonly requests: number
  readonly distinct: number
  /** Most frequent first. */
  readonly changes: readonly ChangedFate[]
}

/** Endpoints that are named of one upstream. */
const ENDPOINTS_NAMED_MAX = 2

export function changedFates(traffic: RecordedTraffic, before: Snapshot, after: Snapshot): Replayed {
  const changes = new Map<string, { -readonly [K in keyof ChangedFate]: ChangedFate[K] }>()
  let requests = 0
  for (const { request, count } of traffic.requests.values()) {
    requests += count
    const was = fateOf(before, request)
    const is = fateOf(after, request)
    if (was.text === is.text) continue
    const key = `${was.text}\n${is.text}`
    const known = changes.get(key)
    if (known !== undefined) known.count += count
    else {
      const breaks = !was.failed && is.failed
      changes.set(key, { from: was.text, to: is.text, breaks, count, example: request })
    }
  }
  const sorted = [...changes.values()].sort((a, b) => b.count - a.count || (a.from < b.from ? -1 : 1))
  return { requests, distinct: traffic.requests.size, changes: sorted }
}

/** Header fields are not recorded: what depends on them gets the defaults on both sides. */
function fateOf(
  snapshot: Snapshot,
  { method, host, path }: RecordedRequest,
): { text: string; failed: boolean } {
  const { route, outcome, targetPath } = decide(snapshot, { method, path, host, header: () => undefined })
  const who = route === undefined ? '' : `${route.namespace}/${route.apiproxy} `
  const [guarded] = (route?.plugins ?? []).flatMap(({ failure, guard }) => failure ?? guard?.failure ?? [])
  const failure = guarded ?? (outcome.type === 'failed' ? outcome.failure : undefined)
  if (failure !== undefined) {
    return { text: `${who}code ${failure.fact.codeText} (${failure.fact.reason})`, failed: true }
  }
  if (outcome.type === 'answer')
    return { text: `${who}-> mock, status ${outcome.route.status}`, failed: false }
  if (outcome.type === 'failed') return { text: who, failed: true }
  const endpoints = outcome.endpoints.map(({ host: address, port }) => `${address}:${port}`).sort()
  const more =
    endpoints.length > ENDPOINTS_NAMED_MAX ? ` and ${endpoints.length - ENDPOINTS_NAMED_MAX} more` : ''
  const named = endpoints.slice(0, ENDPOINTS_NAMED_MAX).join(', ')
  const prefix = targetPath === path ? '' : `, path ${prefixChange(path, targetPath)}`
  return { text: `${who}-> ${outcome.scheme}://${named}${more}${prefix}`, failed: false }
}

/** What is put in the place of what, without the rest that both have in common: one text for all requests of a route. */
function prefixChange(path: string, target: string): string {
  let common = 0
  while (common < Math.min(path.length, target.length) && path.at(-1 - common) === target.at(-1 - common))
    common += 1
  return `${path.slice(0, path.length - common) || '/'} to ${target.slice(0, target.length - common) || '/'}`
}
