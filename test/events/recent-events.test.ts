// The memory of the last events: what is kept of each, and how many.

import { expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import { RecentEvents } from '../../src/events/recent-events.ts'
import { resourceOf, secret } from '../support/manifests.ts'

const ORIGIN = { source: 'directory', observedAt: 5 }

test('each type of event is kept by what it was about, with its revision', () => {
  const recent = new RecentEvents()
  const events: ResourceEvent[] = [
    {
      ...ORIGIN,
      type: 'upserted',
      resource: resourceOf(secret('tls').enabled().stringData('tls.key', 'hidden')),
    },
    { ...ORIGIN, type: 'deleted', kind: 'Service', namespace: 'a', name: 'b', uid: 'u' },
    { ...ORIGIN, type: 'listed', kind: 'Secret', resources: [] },
    { ...ORIGIN, type: 'refused', kind: 'Secret', detail: 'hidden' },
    { ...ORIGIN, type: 'stale', since: 3 },
    { ...ORIGIN, type: 'problems', problems: [{ file: 'a', reason: 'Unparsable', message: 'hidden' }] },
    { ...ORIGIN, type: 'plugins', plugins: [] },
  ]
  for (const [index, event] of events.entries()) recent.add(event, index)
  expect(recent.list()).toEqual([
    { ...ORIGIN, type: 'upserted', kind: 'Secret', namespace: 'default', name: 'tls', revision: 0 },
    { ...ORIGIN, type: 'deleted', kind: 'Service', namespace: 'a', name: 'b', revision: 1 },
    { ...ORIGIN, type: 'listed', kind: 'Secret', count: 0, revision: 2 },
    { ...ORIGIN, type: 'refused', kind: 'Secret', revision: 3 },
    { ...ORIGIN, type: 'stale', revision: 4 },
    { ...ORIGIN, type: 'problems', count: 1, revision: 5 },
    { ...ORIGIN, type: 'plugins', count: 0, revision: 6 },
  ])
})

test('at the limit the oldest falls out', () => {
  const recent = new RecentEvents(3)
  for (let revision = 1; revision <= 100; revision += 1) recent.add({ ...ORIGIN, type: 'stale' }, revision)
  expect(recent.list().map(({ revision }) => revision)).toEqual([98, 99, 100])
})
