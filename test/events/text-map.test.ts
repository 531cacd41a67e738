import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deleteText,
  findText,
  hashText,
  setText,
  sizeOf,
  textEntries,
  type TextMap,
} from '../../src/events/text-map.ts'
import { TextTable } from '../../src/events/text-table.ts'

// Both have the same 32-bit hash: found by search, checked below.
const COLLIDING = collidingTexts()

describe('a text map', () => {
  it('behaves as a Map does, whatever is set and deleted', () => {
    const text = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom(...COLLIDING))
    const steps = fc.array(fc.record({ text, value: fc.option(fc.integer()) }), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (taken) => {
        const expected = new Map<string, number>()
        let map: TextMap<number> = undefined
        for (const step of taken) {
          map = step.value === null ? deleteText(map, step.text) : setText(map, step.text, step.value)
          if (step.value === null) expected.delete(step.text)
          else expected.set(step.text, step.value)
        }
        expect(new Map(textEntries(map))).toEqual(expected)
        for (const step of taken) expect(findText(map, step.text)).toBe(expected.get(step.text))
      }),
    )
  })

  it('behaves so too where it is changed in place, and leaves the map as it was that it was opened from', () => {
    const text = fc.oneof(fc.string({ maxLength: 2 }), fc.constantFrom(...COLLIDING))
    const steps = fc.array(fc.record({ text, value: fc.option(fc.integer()) }), { maxLength: 100 })
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const first = taken(new Map<string, number>(), before)
        const second = taken(new Map(first), after)
        const closed = opened(new TextTable<number>(), before)
        const next = opened(closed, after)
        expect(new Map(closed)).toEqual(first)
        expect(new Map(next)).toEqual(second)
        expect([closed.size, next.size]).toEqual([first.size, second.size])
        for (const step of before) expect(next.get(step.text)).toBe(second.get(step.text))
      }),
    )
  })

  it('shares all but a handful of nodes with the map before, however many texts there are', () => {
    let map: TextMap<number> = undefined
    for (let index = 0; index < 20_000; index += 1) map = setText(map, `text-${index}`, index)
    const known = nodesOf(map)
    for (const next of [
      setText(map, 'text-4711', 0),
      setText(map, 'another', 0),
      deleteText(map, 'text-4711'),
    ]) {
      const made = [...nodesOf(next)].filter((node) => !known.has(node)).length
      expect(made).toBeGreaterThan(0)
      expect(made).toBeLessThan(8)
    }
  })

  it('leaves earlier maps as they were', () => {
    const one = setText<number>(undefined, 'a', 1)
    const two = setText(one, 'b', 2)
    const three = deleteText(two, 'a')
    expect([...textEntries(one)]).toEqual([['a', 1]])
    expect(new Map(textEntries(two))).toEqual(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    )
    expect([...textEntries(three)]).toEqual([['b', 2]])
  })

  it('is the same map after a delete of what is not there', () => {
    const map = setText<number>(undefined, 'a', 1)
    expect(deleteText(map, 'b')).toBe(map)
    expect(deleteText(undefined, 'b')).toBeUndefined()
  })

  it('keeps texts with equal hashes apart', () => {
    const [first, second] = COLLIDING
    expect(hashText(first)).toBe(hashText(second))
    const both = setText(setText<number>(undefined, first, 1), second, 2)
    expect([findText(both, first), findText(both, second)]).toEqual([1, 2])
    expect(findText(deleteText(both, first), second)).toBe(2)
    expect(findText(deleteText(both, second), second)).toBeUndefined()
  })

  it('counts its texts, also those with equal hashes', () => {
    const [first, second] = COLLIDING
    let map = setText(setText(setText<number>(undefined, first, 1), second, 2), 'another', 3)
    expect(sizeOf(map)).toBe(3)
    map = setText(map, second, 4)
    expect(sizeOf(map)).toBe(3)
    expect(sizeOf(deleteText(map, first))).toBe(2)
    expect(sizeOf(deleteText(map, 'unknown'))).toBe(3)
    expect(sizeOf(undefined)).toBe(0)
  })

  it('becomes undefined with its last text', () => {
    let map: TextMap<number> = undefined
    for (let index = 0; index < 1000; index += 1) map = setText(map, `text-${index}`, index)
    for (let index = 0; index < 1000; index += 1) map = deleteText(map, `text-${index}`)
    expect(map).toBeUndefined()
  })
})

interface Step {
  readonly text: string
  readonly value: number | null
}

function taken(map: Map<string, number>, steps: readonly Step[]): Map<string, number> {
  for (const { text, value } of steps) {
    if (value === null) map.delete(text)
    else map.set(text, value)
  }
  return map
}

function opened(table: TextTable<number>, steps: readonly Step[]): TextTable<number> {
  let open = table.asMutable()
  for (const { text, value } of steps) open = value === null ? open.delete(text) : open.set(text, value)
  return open.asImmutable()
}

/** All objects that a map is made of. */
function nodesOf(map: unknown, found: Set<object> = new Set()): Set<object> {
  if (typeof map !== 'object' || map === null) return found
  found.add(map)
  for (const field of Object.values(map)) nodesOf(field, found)
  return found
}

function collidingTexts(): readonly [string, string] {
  const seen = new Map<number, string>()
  for (let index = 0; ; index += 1) {
    const text = index.toString(36)
    const hash = hashText(text)
    const other = seen.get(hash)
    if (other !== undefined) return [other, text]
    seen.set(hash, text)
  }
}
