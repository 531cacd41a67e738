// One event among 10,000 routes compiles what it touches and nothing else: every other compiled part is the very same
// object in the next snapshot, and what follows a swap is told of the touched objects alone.

import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { apply, applyAll, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { settle } from '../../src/events/touched.ts'
import { keyOf, KINDS, type Resource } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { listRoutes } from '../../src/snapshot/route-table.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { many, manyApiProxy, manyService, manySlice } from '../support/records.ts'
import { deleted, listed, upserted } from '../support/world.ts'

const ROUTES = 10_000
const AT = 4_711
const OBJECTS: readonly Resource[] = [
  ...many(ROUTES, manyApiProxy),
  ...many(ROUTES, manyService),
  ...many(ROUTES, manySlice),
]
const known = settle(
  applyAll(
    EMPTY_STATE,
    KINDS.map((kind) => listed(kind, ...OBJECTS.filter((object) => object.kind === kind))),
  ),
)
const before = build(known, DEFAULT_OPTIONS)

interface Next {
  readonly state: State
  readonly snapshot: Snapshot
}

function after(event: ResourceEvent): Next {
  const state = apply(known, event)
  return { state, snapshot: build(state, DEFAULT_OPTIONS, before) }
}

/** Routes of the next snapshot that the one before does not have as the same object. */
function compiledAnew({ routes }: Snapshot): string[] {
  const reused = new Set(listRoutes(before.routes))
  return [...listRoutes(routes)].filter((route) => !reused.has(route)).map(({ apiproxy }) => apiproxy)
}

const NAME = manyApiProxy(AT).meta.name
const KEY = keyOf('ApiProxy', manyApiProxy(AT).meta.namespace, NAME)

test.each([
  ['an ApiProxy that changed', upserted(manyApiProxy(AT, '/elsewhere'))],
  ['a Service that got another label', upserted(manyService(AT, 'another-team'))],
  ['an EndpointSlice that lost an address', upserted(manySlice(AT, false))],
  ['a Service that is gone', deleted(manyService(AT))],
])('%s: its own route is compiled, 9,999 are the same objects', (_, event) => {
  const { snapshot } = after(event)
  expect(compiledAnew(snapshot)).toEqual([NAME])
  expect([...snapshot.changes.affected]).toEqual([KEY])
})

test('an ApiProxy that is gone takes its route along, and nothing is compiled', () => {
  const { snapshot } = after(deleted(manyApiProxy(AT)))
  expect(compiledAnew(snapshot)).toEqual([])
  expect(snapshot.routes.size).toBe(ROUTES - 1)
  expect([...snapshot.changes.affected]).toEqual([KEY])
})

test('every record that the event is not about stays the same object, and so does every kind that it is not of', () => {
  const { state } = after(upserted(manyService(AT, 'another-team')))
  for (const kind of KINDS) {
    if (kind === 'Service') continue
    expect(state.kinds[kind].objects).toBe(known.kinds[kind].objects)
  }
  const others = [...known.kinds.Service.objects].filter(
    ([key, entry]) => state.kinds.Service.objects.get(key) !== entry,
  )
  expect(others.map(([, { resource }]) => resource.meta.name)).toEqual([manyService(AT).meta.name])
})

test('a status of a kind concerns all who asked for it, though no index is kept of them', () => {
  const refused: ResourceEvent = {
    type: 'refused',
    source: 'test',
    observedAt: 0,
    kind: 'Service',
    detail: '403',
  }
  const { snapshot } = after(refused)
  expect(compiledAnew(snapshot).length).toBe(ROUTES)
  expect(snapshot.failuresOf(KEY).map(({ fact }) => fact.reason)).toEqual(['services_refused'])
})
