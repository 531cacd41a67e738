import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { canonical, contentDigest, sameContent } from '../../src/events/content.ts'
import type { Resource } from '../../src/resources/resource.ts'
import { manyApiProxy, manyService, manySlice } from '../support/records.ts'

/** A label of any name and value that a source lets through, and of some that it does not. */
const TEXT = fc.string({ unit: 'binary', maxLength: 12 })
const JSON_VALUE = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 })

describe('the canonical text', () => {
  it('is JSON, and says what the value says', () => {
    fc.assert(
      fc.property(JSON_VALUE, (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('is the same in whatever order the fields were set, also those of very many', () => {
    const fields = fc.uniqueArray(fc.tuple(TEXT, JSON_VALUE), { selector: ([name]) => name, maxLength: 40 })
    fc.assert(
      fc.property(fields, (entries) => {
        const forward = canonical(Object.fromEntries(entries))
        expect(canonical(Object.fromEntries(entries.toReversed()))).toBe(forward)
        expect(forward).toBe(sortedJson(entries))
      }),
    )
  })

  it('is the same for names beyond those that are remembered', () => {
    for (let from = 0; from < 5000; from += 1000) {
      const entries = Array.from({ length: 1000 }, (_, index): [string, number] => [
        `name-${from + index}`,
        1,
      ])
      expect(canonical(Object.fromEntries(entries))).toBe(sortedJson(entries))
    }
    expect(canonical({ never: 1, 'seen"before': 2 })).toBe('{"never":1,"seen\\"before":2}')
  })

  it('leaves out what is undefined', () => {
    expect(canonical({ a: undefined, b: [undefined, null] })).toBe('{"b":[null,null]}')
  })
})

describe('the digest of an object', () => {
  // Replicas of different versions are compared by it, and journals of older ones are read.
  const awkward = labelled({ b: 'x"y\\', a: '\u0001\ud800é\ud83d\ude00', constructor: '' })
  test.each([
    ['an ApiProxy', manyApiProxy(7), 'c391500ae1b8ded7e09e2d86a445a76d'],
    ['a Service', manyService(7), 'c677bfc43af425cb44fc53fb8ee2fb45'],
    ['an EndpointSlice', manySlice(7), '113e10eb8195b8af84768d2d7ce9f09f'],
    ['labels with all that JSON escapes', awkward, '8317d0c3594c659bd62f704f185fee4'],
  ])('of %s is what it always was', (_, resource: Resource, digest) => {
    expect(contentDigest(resource).toString(16)).toBe(digest)
  })

  it('is equal exactly where the content is the same', () => {
    const labels = fc.dictionary(TEXT, TEXT, { maxKeys: 4 })
    fc.assert(
      fc.property(labels, labels, (some, others) => {
        const a = labelled(some)
        const b = labelled(others)
        expect(contentDigest(a) === contentDigest(b)).toBe(sameContent(a, b))
        expect(sameContent(a, labelled({ ...some }))).toBe(true)
      }),
    )
  })
})

function labelled(labels: Readonly<Record<string, string>>): Resource {
  const service = manyService(7)
  return { ...service, meta: { ...service.meta, labels } }
}

/** By UTF-16 units, as `<` compares. */
function sortedJson(entries: readonly (readonly [string, unknown])[]): string {
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`
}
