// At the limit of remembered revisions the oldest goes, and an exchange that pins it has no link.

import type { Link, Span } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { BatchLinks, REVISIONS_MAX } from '../../src/telemetry/batch-links.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'

function linked(links: BatchLinks, revision: number): string[] {
  const found: string[] = []
  const span = { isRecording: () => true, addLink: ({ context }: Link) => void found.push(context.spanId) }
  links.link({ snapshot: { revision } } as ExchangeRecord, span as unknown as Span)
  return found
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
