// A state as text and back: whatever fields it has, also ones that are not there yet.

import fc from 'fast-check'
import { is, Map, Set as PersistentSet } from 'immutable'
import { describe, expect, test } from 'vitest'
import { CheckpointReader, checkpointLines } from '../../../src/events/journal/checkpoint.ts'
import { frame, unframe } from '../../../src/events/journal/frame.ts'
import { decode, encode } from '../../../src/events/journal/state-text.ts'
import type { State } from '../../../src/events/state.ts'
import { apiProxy, secret, service } from '../../support/manifests.ts'
import { after, refused, stateOf } from '../../support/world.ts'

const throughJson = (value: unknown): unknown => decode(JSON.parse(JSON.stringify(encode(value))))

describe('a value', () => {
  test('comes back as it was, with maps, sets and big integers in it', () => {
    const value = {
      map: Map({ a: { since: 1.5, expired: ['Service'] }, b: Map({ c: 1n }) }),
      set: PersistentSet(['x', 'y']),
      digest: 2n ** 127n,
      nothing: null,
      list: [1, 'two', false, { three: 3 }],
    }
    const back = throughJson(value) as typeof value
    expect(is(back.map.get('b'), value.map.get('b'))).toBe(true)
    expect(back.map.get('a')).toEqual(value.map.get('a'))
    expect(is(back.set, value.set)).toBe(true)
    expect({ ...back, map: 0, set: 0 }).toEqual({ ...value, map: 0, set: 0 })
  })

  test('that looks like a mark is no mark', () => {
    for (const value of [
      { $map: [['a', 1]] },
      { $bigint: 'ff' },
      { $set: [1] },
      { $entries: [] },
      { $: 1 },
    ]) {
      expect(throughJson(value)).toEqual(value)
    }
  })

  test('of plain JSON comes back as it was, whatever its keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(throughJson(value))).toBe(JSON.stringify(value))
      }),
    )
  })
})

describe('a checkpoint', () => {
  test('makes the same state, also of kinds that are refused and fields that nobody knows', () => {
    const known = stateOf(
      apiProxy('a').at('/a').toEndpoint('http://127.0.0.1:1'),
      secret('s').enabled(),
      ...Array.from({ length: 250 }, (_, index) => service(`s${index}`).port(80)),
    )
    const state: State & { readonly later?: unknown } = {
      ...after(known, refused('EndpointSlice')),
      later: Map({ key: 1n }),
    }
    const reader = new CheckpointReader()
    const results = Array.from(checkpointLines(state), (line) => {
      const back = unframe(Buffer.from(frame(line).slice(0, -1)))
      return back === undefined ? false : reader.take(back)
    })
    const restored = results.at(-1) as State & { readonly later: Map<string, bigint> }
    expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true)
    expect(restored.digest).toBe(state.digest)
    expect(restored.kinds.EndpointSlice).toMatchObject({ status: 'refused', detail: 'HTTP status 403' })
    expect(restored.kinds.Service.objects.size).toBe(250)
    expect(restored.later.get('key')).toBe(1n)
  })
})

describe('a line', () => {
  const line = frame({ type: 'checkpoint', objects: 7 })

  test('can be read by a person: checksum, length, JSON', () => {
    expect(line).toMatch(/^[0-9a-f]{8} 33 \{"type":"checkpoint","objects":7\}\n$/)
  })

  test('with any byte changed, or any missing, is no line', () => {
    const bytes = Buffer.from(line.slice(0, -1))
    expect(unframe(bytes)).toEqual({ type: 'checkpoint', objects: 7 })
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(unframe(changed), `byte ${index}`).toBeUndefined()
      expect(unframe(bytes.subarray(0, index))).toBeUndefined()
    }
  })
})
