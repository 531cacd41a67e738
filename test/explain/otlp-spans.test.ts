// Traces in files that other programs wrote: the Collector's form is read, every other is met without harm.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explanationText } from '../../src/explain/explanation-text.ts'
import { reportOf } from '../../src/explain/exchange-report.ts'
import { factsFromSpans, spansInLine } from '../../src/explain/otlp-spans.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

interface SpanParts {
  readonly scope?: string
  readonly kind?: unknown
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly set?: object
}

function line({ scope = 'kanali', kind = 2, attributes = {}, set = {} }: SpanParts = {}): string {
  const span = {
    traceId: TRACE,
    spanId: '00f067aa0ba902b7',
    name: 'GET /cart',
    kind,
    startTimeUnixNano: '1800000000000000000',
    endTimeUnixNano: '1800000000012345678',
    attributes: Object.entries({ 'kanali.outcome': { stringValue: 'ok' }, ...attributes }).map(
      ([key, value]) => ({ key, value }),
    ),
    ...set,
  }
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: scope }, spans: [span] }] }] })
}

const facts = (text: string) => factsFromSpans(TRACE, spansInLine(text, TRACE) ?? [])

describe('a line of the file', () => {
  test('gives the exchange, numbers as text or numbers, enums as numbers or names', () => {
    for (const intValue of ['502', 502]) {
      for (const kind of [2, 'SPAN_KIND_SERVER']) {
        const [found] = facts(line({ kind, attributes: { 'http.response.status_code': { intValue } } }))
        expect(found).toMatchObject({ status: 502, outcome: 'ok', time: '2027-01-15T08:00:00.000Z' })
        expect(found?.timing.total_ms).toBe(12.346)
      }
    }
  })

  test('gives nothing of other scopes, kinds and traces', () => {
    expect(facts(line({ scope: '@opentelemetry/instrumentation-http' }))).toEqual([])
    expect(facts(line({ kind: 1 }))).toEqual([])
    expect(factsFromSpans('0'.repeat(32), spansInLine(line(), '0'.repeat(32)) ?? [])).toEqual([])
    expect(spansInLine('no json', TRACE)).toBeUndefined()
  })

  test.each([
    { startTimeUnixNano: 'soon' },
    { startTimeUnixNano: -1 },
    { spanId: 7 },
    { endTimeUnixNano: null },
    { attributes: 'none' },
    { attributes: [null, 1, { key: {} }] },
  ])('is read without harm where it has %j', (set) => {
    expect(facts(line({ set }))).toEqual([])
  })

  test('is read without harm whatever JSON it is, and explained without a control character', () => {
    const hostile = { stringValue: '\u001b[31m\u009b\u202e\n' }
    const names = [
      'kanali.outcome',
      'url.path',
      'http.response.status_code',
      'kanali.error.code',
      'kanali.error.object.kind',
    ]
    fc.assert(
      fc.property(fc.json(), fc.subarray(names), (json, some) => {
        spansInLine(json, TRACE)
        const attributes = Object.fromEntries(some.map((name) => [name, hostile]))
        for (const found of facts(line({ attributes }))) {
          expect(explanationText(reportOf(found)).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
        }
      }),
    )
  })
})
