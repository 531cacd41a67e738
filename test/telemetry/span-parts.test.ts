// Parts of spans that are kept by what a client or the network chooses: at the limit the next one is still right.

import { expect, test } from 'vitest'
import { attribute } from '../../src/telemetry/otlp-attributes.ts'
import { ENDPOINTS_MAX, SpanParts, VERSIONS_MAX } from '../../src/telemetry/span-parts.ts'

test('the part of an endpoint is made once, until there are too many and all are made anew', () => {
  const parts = new SpanParts()
  const first = parts.endpoint({ host: 'h', port: 1 })
  for (let port = 2; port <= ENDPOINTS_MAX; port++) parts.endpoint({ host: 'h', port })
  expect(parts.endpoint({ host: 'h', port: 1 })).toBe(first)
  parts.endpoint({ host: 'other', port: 1 })
  const again = parts.endpoint({ host: 'h', port: 1 })
  expect(again).not.toBe(first)
  expect(again).toEqual(first)
})

test('versions beyond the limit are written, and not kept', () => {
  const parts = new SpanParts()
  const kept = parts.version('1')
  for (let version = 2; version <= VERSIONS_MAX; version++) parts.version(String(version))
  expect(parts.version('1')).toBe(kept)
  const late = parts.version('late')
  expect(late).toEqual(attribute('network.protocol.version', 'late'))
  expect(parts.version('late')).not.toBe(late)
})

test('a status beyond three digits is written, and not kept', () => {
  const parts = new SpanParts()
  expect(parts.status(999, true)).toBe(parts.status(999, true))
  expect(parts.status(1000, true)).not.toBe(parts.status(1000, true))
  expect(parts.status(1000, true)).toEqual(parts.status(1000, true))
})
