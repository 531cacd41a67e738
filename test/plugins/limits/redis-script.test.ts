import { expect, test } from 'vitest'
import { readReply, scriptArguments } from '../../../src/plugins/limits/redis-script.ts'
import { redisRefusal } from '../../../src/plugins/limits/redis-error.ts'

test('rate and quota of an allowance are two keys in one slot of a cluster', () => {
  const allowance = {
    id: 'shop/cart|partner|shop/partners',
    rate: { amount: 7, unit: 'MINUTE' },
    quota: 9,
  } as const
  expect(scriptArguments({ allowance, ahead: 2, owed: 3 })).toEqual([
    '2',
    'kanali:limits:{shop/cart|partner|shop/partners}:rate',
    'kanali:limits:{shop/cart|partner|shop/partners}:quota',
    '7',
    '60000000',
    '9',
    '2',
    '3',
  ])
  expect(scriptArguments({ allowance: { id: 'a' }, ahead: 0, owed: 0 }).slice(3)).toEqual([
    '',
    '',
    '',
    '0',
    '0',
  ])
})

test('what the script returns is read, and nothing else is', () => {
  expect(readReply([3, '60000000.5', 12], 2)).toEqual({ granted: 3, debt: 60_000_000.5, used: 12 })
  expect(readReply([-1, '0', 0], 0)).toEqual({ granted: -1, debt: 0, used: 0 })
  const notLists: unknown[] = [undefined, null, 'OK', 7, [], [1], [1, '0'], [1, '0', 0, 0]]
  const notGranted = [4, -2, 0.5, '1'].map((granted) => [granted, '0', 0])
  const notDebts = [0, '', 'x', '-1', 'Infinity'].map((debt) => [1, debt, 0])
  const rubbish = [...notLists, ...notGranted, ...notDebts, [1, '0', -1], [1, '0', '0']]
  for (const reply of rubbish) expect(readReply(reply, 2), JSON.stringify(reply)).toBeUndefined()
})

test.each([
  ['WRONGPASS invalid username-password pair', 'access_refused', 'WRONGPASS'],
  ['NOAUTH Authentication required.', 'access_refused', 'NOAUTH'],
  ['NOPERM no permissions', 'access_refused', 'NOPERM'],
  ['ERR AUTH <password> called without any password configured', 'access_refused', 'ERR'],
  ['READONLY You can’t write against a read only replica.', 'read_only', 'READONLY'],
  ['LOADING Redis is loading', 'error', 'LOADING'],
  ['OOM command not allowed', 'error', 'OOM'],
  ['secret-in-the-first-word', 'error', ''],
  ['', 'error', ''],
])('the error reply %j is of the cause %s, and one word of it is kept', (message, cause, word) => {
  expect(redisRefusal(new Error(message), () => true)).toEqual({ cause, word })
})

test('errors of the connection and of the decoder are told apart', () => {
  const never = (): boolean => false
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  expect(redisRefusal(refused, never)).toEqual({ cause: 'unreachable', word: 'ECONNREFUSED' })
  class SocketClosedUnexpectedlyError extends Error {}
  expect(redisRefusal(new SocketClosedUnexpectedlyError(), never).cause).toBe('unreachable')
  expect(redisRefusal(new Error('Unknown RESP type'), never).cause).toBe('answer_invalid')
  expect(redisRefusal('text', never).cause).toBe('answer_invalid')
})
