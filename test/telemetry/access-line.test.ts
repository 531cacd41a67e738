// The lines of the access log: every field, read back by a JSON parser whatever the client sent.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rejectionOf } from '../../src/errors/rejections.ts'
import { jsonLine, prettyLine } from '../../src/telemetry/access-line.ts'
import { ACCESS_FIELDS } from '../../src/telemetry/names.ts'
import { splitTime } from '../../src/telemetry/time-split.ts'
import { bareRoute } from '../support/bare-snapshot.ts'
import { attemptOf, exchangeRecord, failedRecord } from '../support/exchange-records.ts'

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
})
const NO_TIMES = { totalMs: 0, upstreamMs: 0, gatewayMs: 0, pluginsMs: 0 }
const IDS = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }

function lineOf(record: ReturnType<typeof exchangeRecord>): Record<string, unknown> {
  const line = jsonLine(record, splitTime(record, { ...NO_TIMES }))
  expect(line.indexOf('\n')).toBe(line.length - 1)
  return JSON.parse(line) as Record<string, unknown>
}

describe('a JSON line', () => {
  test('of a good exchange has every field in its order', () => {
    const record = exchangeRecord(IDS)
    record.attempt = attemptOf(record)
    const line = lineOf(record)
    expect(Object.keys(line)).toEqual([...ACCESS_FIELDS])
    expect(line).toMatchObject({
      trace_id: IDS.traceId,
      span_id: IDS.spanId,
      method: 'GET',
      path: '/example/a',
      host: 'api.example.com',
      status: 200,
      code: null,
      reason: null,
      blame: null,
      outcome: 'ok',
      apiproxy: 'example',
      namespace: 'application',
      revision: 7,
      duration_ms: 10,
      upstream_ms: 4,
      upstream: '10.0.0.1:80',
      bytes_in: 3,
      bytes_out: 17,
      client: '203.0.113.7',
    })
    expect(Math.abs(Date.parse(String(line.time)) - Date.now())).toBeLessThan(60_000)
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('of an error names code, reason and blame', () => {
    const line = lineOf(failedRecord('connection_refused', IDS))
    expect(line).toMatchObject({
      code: '08',
      reason: 'connection_refused',
      blame: 'upstream',
      outcome: 'error',
    })
  })

  test('of an attempt without a head has no upstream time', () => {
    const record = failedRecord('connection_refused', IDS)
    record.attempt = attemptOf(record, { headAt: 0, status: 0 })
    expect(lineOf(record)).toMatchObject({ upstream: '10.0.0.1:80', upstream_ms: null })
  })

  test('of what HTTP refuses has its reason and no code', () => {
    const record = exchangeRecord({
      ...IDS,
      outcome: 'rejected',
      rejection: rejectionOf('host_missing'),
      status: 400,
    })
    record.route = undefined
    expect(lineOf(record)).toMatchObject({ code: null, reason: 'host_missing', blame: null, apiproxy: null })
  })

  test('gives every text back as it came, from whomever it came', () => {
    const texts = fc.record({
      method: anyText,
      path: anyText,
      host: anyText,
      client: anyText,
      apikey: anyText,
      apiproxy: anyText,
      namespace: anyText,
      upstream: anyText,
    })
    fc.assert(
      fc.property(texts, fc.boolean(), (expected, isAnswered) => {
        const { method, path, host, client, apikey, apiproxy, namespace, upstream } = expected
        const route = bareRoute({ apiproxy, namespace })
        const set = { method, path, host, route, apiKey: apikey, clientAddress: client }
        const record = exchangeRecord({ ...IDS, ...set })
        record.attempt = attemptOf(record, { endpoint: upstream, ...(isAnswered ? {} : { headAt: 0 }) })
        expect(lineOf(record)).toMatchObject(expected)
        // The parts that are kept of a route are the same at the second time.
        expect(lineOf(record)).toMatchObject(expected)
      }),
    )
  })

  test('shows no control character, no line end of Unicode and no half of a character as it is', () => {
    const every = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit))
    for (const path of [
      ...every.slice(0, 0x300),
      ...every.slice(0x2000, 0x2100),
      '\ud800',
      'a\udc00b',
      '😀',
    ]) {
      const record = exchangeRecord({ ...IDS, path })
      const line = jsonLine(record, NO_TIMES).slice(0, -1)
      expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u)
      expect((JSON.parse(line) as { path: string }).path).toBe(path)
    }
  })

  test('has its times to the microsecond', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (totalMs) => {
        const record = exchangeRecord(IDS)
        const line = jsonLine(record, { ...NO_TIMES, totalMs })
        expect((JSON.parse(line) as { duration_ms: number }).duration_ms).toBe(
          Math.round(totalMs * 1000) / 1000,
        )
      }),
    )
  })
})

test('a line for a terminal stays one line and shows no control character', () => {
  fc.assert(
    fc.property(anyText, anyText, (method, path) => {
      const record = exchangeRecord({ ...IDS, method, path })
      const line = prettyLine(record, { totalMs: 1, upstreamMs: 0, gatewayMs: 1, pluginsMs: 0 })
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
      expect(line.endsWith('\n')).toBe(true)
    }),
  )
})
