import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deleteText,
  findText,
  hashText,
  setText,
  textEntries,
  type TextMap,
} from '../../src/events/text-map.ts'

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

  it('becomes undefined with its last text', () => {
    let map: TextMap<number> = undefined
    for (let index = 0; index < 1000; index += 1) map = setText(map, `text-${index}`, index)
    for (let index = 0; index < 1000; index += 1) map = deleteText(map, `text-${index}`)
    expect(map).toBeUndefined()
  })
})

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
