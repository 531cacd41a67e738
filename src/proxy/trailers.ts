// Fields behind the content (RFC 9110 section 6.5), both ways: which of them may go on. Whoever merges them into the head,
// as some do, must find nothing there that the gateway took away, wrote itself, or that steers the message.

import { isHopByHop, namedByConnection } from './hop-by-hop.ts'
import type { PluginSteps } from './plugin-steps.ts'
import type { RequestHeaderRules } from './request-headers.ts'

/**
 * Framing, routing, modifiers of the request, credentials, control of the answer, what says how content is to be read
 * (RFC 9110 section 6.5.1), and what each hop writes for itself.
 */
const NEVER_BEHIND = new Set(
  `content-length trailer host
  cache-control expect if-match if-modified-since if-none-match if-range if-unmodified-since max-forwards pragma range
  authorization cookie set-cookie www-authenticate
  age date expires location retry-after vary warning
  content-disposition content-encoding content-language content-location content-range content-type
  forwarded via traceparent tracestate`.split(/\s+/),
)

/** Whether a field may stand behind content; the name in lower case. */
export type TrailerTest = (lower: string) => boolean

/** For trailers of a request: nothing that its head could not have said, plugins and Connection considered. */
export function requestTrailerTest(
  {
    rawHeaders,
    plugins,
  }: { readonly rawHeaders: readonly string[]; readonly plugins: PluginSteps | undefined },
  { apiKeyHeader, passBaggage }: RequestHeaderRules,
): TrailerTest {
  const named = namedByConnection(rawHeaders)
  return (lower) =>
    mayTrail(lower) &&
    lower !== apiKeyHeader &&
    (passBaggage || lower !== 'baggage') &&
    named?.has(lower) !== true &&
    plugins?.isTheirField(lower) !== true
}

/** For trailers of an answer; `named`: what its Connection lists. */
export function responseTrailerTest(named: ReadonlySet<string> | undefined): TrailerTest {
  return (lower) => mayTrail(lower) && named?.has(lower) !== true
}

/** True for a field that may be a trailer at all; the name in lower case. */
function mayTrail(lower: string): boolean {
  return (
    !NEVER_BEHIND.has(lower) &&
    !isHopByHop(lower) &&
    !lower.startsWith('x-forwarded-') &&
    !lower.startsWith('x-kanali-')
  )
}

/** Those of a flat name, value list that pass the test. */
export function passedTrailers(raw: readonly string[], passes: TrailerTest): string[] {
  const passed: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (passes(name.toLowerCase())) passed.push(name, raw[at + 1] ?? '')
  }
  return passed
}

/** What is left of the value of a Trailer field (RFC 9110 section 6.6.2); empty where nothing is. */
export function announcedTrailers(value: string, passes: TrailerTest): string {
  const names = value.split(',').map((name) => name.trim())
  return names.filter((name) => name !== '' && passes(name.toLowerCase())).join(', ')
}
