// At the limit of remembered revisions the oldest goes, and an exchange that pins it has no link.

import { expect, test } from 'vitest'
import { BatchLinks, REVISIONS_MAX } from '../../src/telemetry/batch-links.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'

function linked(links: BatchLinks, revision: number): string[] {
  const batch = links.of({ snapshot: { revision } } as ExchangeRecord)
  return batch === undefined ? [] : [batch.spanId]
}

test('the last revisions are linked, older ones are forgotten', () => {
  const links = new BatchLinks()
  for (let revision = 1; revision <= REVISIONS_MAX + 1; revision++)
    links.set(revision, { traceId: 't', spanId: String(revision), traceFlags: 1 })
  expect(linked(links, 1)).toEqual([])
  expect(linked(links, 2)).toEqual(['2'])
  expect(linked(links, REVISIONS_MAX + 1)).toEqual([String(REVISIONS_MAX + 1)])
  expect(linked(links, REVISIONS_MAX + 2)).toEqual([])
})
