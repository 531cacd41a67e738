// When a status is worth writing, and what stays of the one before.

import { expect, test } from 'vitest'
import { readStatus, sameStatus, statusOf } from '../../src/kube/status-body.ts'
import type { Condition } from '../../src/snapshot/snapshot.ts'

const condition = (set: Partial<Condition> = {}): Condition => ({
  kind: 'ApiProxy',
  namespace: 'shop',
  name: 'a',
  generation: 1,
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: 'requests are served',
  ...set,
})
const BAD = { status: 'False', reason: 'SecretMissing', message: 'no', code: '06' } as const

test('a transition has its own time, everything else keeps it', () => {
  const first = statusOf([condition()], undefined, 'T1')
  const changed = statusOf([condition({ message: 'still' })], first, 'T2')
  const turned = statusOf([condition(BAD)], changed, 'T3')
  expect([first, changed, turned].map(({ conditions }) => conditions[0]?.lastTransitionTime)).toEqual([
    'T1',
    'T1',
    'T3',
  ])
  expect(turned.code).toBe('06')
  expect(first.code).toBeUndefined()
})

test('the same is the same, whatever the time; anything else is not', () => {
  const one = statusOf([condition()], undefined, 'T1')
  expect(sameStatus(statusOf([condition()], one, 'T2'), one)).toBe(true)
  expect(sameStatus(one, undefined)).toBe(false)
  for (const other of [BAD, { message: 'x' }, { generation: 2 }, { reason: 'x' }]) {
    expect(sameStatus(statusOf([condition(other)], one, 'T2'), one)).toBe(false)
  }
})

test('what was written is read back as it is, in any order', () => {
  const written = statusOf([condition(BAD), condition({ type: 'Accepted' })], undefined, 'T1')
  const { conditions } = written
  expect(readStatus({ status: { ...written, conditions: conditions.toReversed() } })).toEqual(written)
  for (const object of [undefined, {}, { status: 7 }, { status: {} }])
    expect(readStatus(object)).toBeUndefined()
})

test('a long message is cut', () => {
  const { conditions } = statusOf([condition({ message: 'm'.repeat(40_000) })], undefined, 'T1')
  expect(conditions[0]?.message).toHaveLength(4096)
})
