// Ids from the pool: of the right form, never the same twice, across every border of the pool.

import { expect, test } from 'vitest'
import { PooledIds } from '../../src/telemetry/ids.ts'

test('ids are hex of the right length, not all zero, and all different', () => {
  const ids = new PooledIds()
  const seen = new Set<string>()
  const COUNT = 20_000
  for (let each = 0; each < COUNT; each++) {
    const traceId = ids.generateTraceId()
    const spanId = ids.generateSpanId()
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(spanId).toMatch(/^[0-9a-f]{16}$/)
    expect(traceId).not.toBe('0'.repeat(32))
    expect(spanId).not.toBe('0'.repeat(16))
    seen.add(traceId).add(spanId)
  }
  expect(seen.size).toBe(2 * COUNT)
})
