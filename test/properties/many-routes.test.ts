// The same laws among 10,000 routes: an event touches its own part, and nothing else changes.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { decide } from '../../src/decide.ts'
import type { ResourceEvent } from '../../src/events/event.ts'
import { apply, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { settle } from '../../src/events/touched.ts'
import { KINDS, type Resource } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { hostOf, many, manyApiProxy, manyService, manySlice, sourcePathOf } from '../support/records.ts'
import { deleted, listed, outcomeOf, upserted } from '../support/world.ts'

const ROUTES = 10_000
const WORLD: readonly Resource[] = [
  ...many(ROUTES, manyApiProxy),
  ...many(ROUTES, manyService),
  ...many(ROUTES, manySlice),
]

const index = fc.nat(ROUTES - 1)
const change: fc.Arbitrary<ResourceEvent> = fc.oneof(
  index.map((at) => upserted(manyApiProxy(at, '/elsewhere'))),
  index.map((at) => upserted(manyService(at, 'b'))),
  index.map((at) => upserted(manySlice(at, false))),
  index.map((at) => deleted(manyApiProxy(at))),
  index.map((at) => deleted(manyService(at))),
  index.map((at) => deleted(manySlice(at))),
  index.map((at) => upserted(manyApiProxy(at))),
)

function listAll(state: State, resources: readonly Resource[]): State {
  return KINDS.reduce(
    (known, kind) => apply(known, listed(kind, ...resources.filter((resource) => resource.kind === kind))),
    state,
  )
}

function decisionAt(snapshot: Snapshot, at: number): string {
  const request = { method: 'GET', path: `${sourcePathOf(at)}/x`, host: hostOf(at), header: () => undefined }
  return outcomeOf(decide(snapshot, request))
}

const initial = settle(listAll(EMPTY_STATE, WORLD))
const initialSnapshot = build(initial, DEFAULT_OPTIONS)

test('a build after each event equals a build from scratch, and a list of what is there', () => {
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 60 }),
      fc.array(index, { maxLength: 100 }),
      (events, asked) => {
        let state = initial
        let snapshot = initialSnapshot
        for (const event of events) {
          state = apply(state, event)
          snapshot = build(state, DEFAULT_OPTIONS, snapshot)
          state = settle(state)
        }
        const there = KINDS.flatMap((kind) =>
          [...state.kinds[kind].objects.values()].map(({ resource }) => resource),
        )
        const scratch = build(listAll(EMPTY_STATE, there.toReversed()), DEFAULT_OPTIONS)
        expect(snapshot.hash).toBe(scratch.hash)
        expect(snapshot.routes.size).toBe(scratch.routes.size)
        expect([...snapshot.conditions].length).toBe([...scratch.conditions].length)
        const near = events.flatMap((event) =>
          event.type === 'upserted' ? numbersIn(event.resource.meta.name) : [],
        )
        for (const at of [...asked, ...near]) expect(decisionAt(snapshot, at)).toBe(decisionAt(scratch, at))
      },
    ),
    { numRuns: 3 },
  )
}, 120_000)

test('a change that is taken back gives the hash of before, and every other route stays the same object', () => {
  const at = 4711
  const changed = apply(initial, upserted(manyApiProxy(at, '/elsewhere')))
  const one = build(changed, DEFAULT_OPTIONS, initialSnapshot)
  expect(one.revision).toBe(initialSnapshot.revision + 1)
  expect(one.hash).not.toBe(initialSnapshot.hash)
  const two = build(apply(settle(changed), upserted(manyApiProxy(at))), DEFAULT_OPTIONS, one)
  expect(two.hash).toBe(initialSnapshot.hash)
  for (const other of [0, 1, 4710, 4712, ROUTES - 1]) {
    const request = { method: 'GET', path: sourcePathOf(other), host: hostOf(other), header: () => undefined }
    expect(decide(two, request).route).toBe(decide(initialSnapshot, request).route)
  }
})

test('a relist of unchanged objects makes no revision', () => {
  const relisted = listAll(initial, WORLD)
  expect(relisted).toBe(initial)
  expect(build(relisted, DEFAULT_OPTIONS, initialSnapshot)).toBe(initialSnapshot)
})

function numbersIn(name: string): number[] {
  return [Number(/\d+/.exec(name)?.[0] ?? 0)]
}
