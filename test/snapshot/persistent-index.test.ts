// An index of groups behaves as a map of sets does, and a draft leaves the index that it began with as it was.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findText } from '../../src/events/text-map.ts'
import {
  groupSize,
  IndexDraft,
  membersOf,
  type PersistentIndex,
} from '../../src/snapshot/persistent-index.ts'

const KEYS = ['Service/a/b', 'KeySet/x', 'DecryptionKey']
const steps = fc.array(
  fc.record({
    key: fc.constantFrom(...KEYS),
    member: fc.constantFrom('p', 'q', 'r', 's'),
    put: fc.boolean(),
  }),
  { maxLength: 30 },
)

test('groups of none, one and several members are what was put into them and not removed', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 4 }), (builds) => {
      const model = new Map(KEYS.map((key) => [key, new Set<string>()]))
      let index: PersistentIndex
      for (const build of builds) {
        const before = contentOf(index)
        const draft = new IndexDraft(index)
        for (const { key, member, put } of build) {
          if (put) draft.put(key, member)
          else draft.remove(key, member)
          if (put) model.get(key)?.add(member)
          else model.get(key)?.delete(member)
        }
        expect(contentOf(index)).toEqual(before)
        index = draft.done()
        expect(contentOf(index)).toEqual(KEYS.map((key) => [...(model.get(key) ?? [])].sort()))
      }
    }),
  )
})

function contentOf(index: PersistentIndex): string[][] {
  return KEYS.map((key) => {
    const members = [...membersOf(findText(index, key))].sort()
    expect(groupSize(findText(index, key))).toBe(members.length)
    return members
  })
}
