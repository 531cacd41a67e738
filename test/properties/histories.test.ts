// The laws of the event path: whatever happened, in whatever order it was told, the snapshot says what is there now.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { apply, applyAll, EMPTY_STATE, type State } from '../../src/events/state.ts'
import { build } from '../../src/snapshot/build.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { stateOf } from '../support/world.ts'
import { conditionsOf, decisionsOf, objectAt, PLACES, places, specs, steps, tell } from './world.ts'

const histories = fc.array(steps, { maxLength: 40 })

function expectSame(a: Snapshot, b: Snapshot): void {
  expect(a.hash).toBe(b.hash)
  expect(decisionsOf(a)).toEqual(decisionsOf(b))
  expect(conditionsOf(a)).toEqual(conditionsOf(b))
  expect(a.counts).toEqual(b.counts)
}

describe('a history of events', () => {
  test('comes to the snapshot of a list of what is there in the end', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const { batches, truth } = tell(history)
        const folded = applyAll(EMPTY_STATE, batches.flat())
        expectSame(build(folded, DEFAULT_OPTIONS), build(stateOf(...truth), DEFAULT_OPTIONS))
      }),
      { numRuns: 5000 },
    )
  })

  test.each(['warn', 'deny'] as const)(
    'built after each batch of any size comes to the same as built once (%s)',
    (mode) => {
      const options = { ...DEFAULT_OPTIONS, 'routing.cross_namespace': mode }
      fc.assert(
        fc.property(histories, fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (history, pauses) => {
          const { batches } = tell(history)
          let state: State = EMPTY_STATE
          let snapshot: Snapshot | undefined
          for (const [index, batch] of batches.entries()) {
            state = applyAll(state, batch)
            if (pauses[index % pauses.length] === true) continue
            snapshot = build(state, options, snapshot)
            expectSame(snapshot, build(state, options))
          }
          const last = build(state, options, snapshot)
          expectSame(last, build(state, options))
        }),
        { numRuns: 300 },
      )
    },
  )

  test('told twice changes nothing: the state is the same object, and so is the snapshot', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const { batches, truth } = tell(history)
        const state = applyAll(EMPTY_STATE, batches.flat())
        const snapshot = build(state, DEFAULT_OPTIONS)
        for (const resource of truth) {
          expect(apply(state, { type: 'upserted', source: 'other', observedAt: 9, resource })).toBe(state)
        }
        expect(build(state, DEFAULT_OPTIONS, snapshot)).toBe(snapshot)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a set of objects', () => {
  const worlds = fc.uniqueArray(fc.record({ place: places, spec: specs }), {
    selector: ({ place }) => place,
    maxLength: PLACES,
  })

  test('gives the same winners, failures and conditions in any order', () => {
    fc.assert(
      fc.property(
        worlds.chain((world) =>
          fc.tuple(fc.constant(world), fc.shuffledSubarray(world, { minLength: world.length })),
        ),
        ([world, shuffled]) => {
          const [one, other] = [world, shuffled].map((order) =>
            stateOf(...order.map(({ place, spec }) => objectAt(place, spec, `uid-${place}`))),
          )
          expectSame(build(one ?? EMPTY_STATE, DEFAULT_OPTIONS), build(other ?? EMPTY_STATE, DEFAULT_OPTIONS))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('with one bad object more decides every other request as before', () => {
    fc.assert(
      fc.property(worlds, specs, (world, spec) => {
        const objects = world
          .filter(({ place }) => place > 1)
          .map((known) => objectAt(known.place, known.spec, `uid-${known.place}`))
        const bad = objectAt(0, { ...spec, backend: 6, birth: 0 }, 'uid-bad')
        const without = build(stateOf(...objects), DEFAULT_OPTIONS)
        const withBad = build(stateOf(...objects, bad), DEFAULT_OPTIONS)
        const before = decisionsOf(without)
        const differing = decisionsOf(withBad).filter((line, index) => line !== before[index])
        // Where its path is, another host's requests learn that the path is there.
        for (const line of differing)
          expect(line).toMatch(/-> (blue\/p0 00 apiproxy_invalid|00 no_host_matched) /)
      }),
      { numRuns: 500 },
    )
  })
})
