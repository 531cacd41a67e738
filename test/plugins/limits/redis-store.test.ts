import { expect, test } from 'vitest'
import { NO_OBSERVER } from '../../../src/plugins/limits/limit-observer.ts'
import type { OpenedClient } from '../../../src/plugins/limits/redis-client.ts'
import { RedisStore } from '../../../src/plugins/limits/redis-store.ts'
import { waitUntil } from '../../support/wait-until.ts'

const REQUEST = { allowance: { id: 'a', quota: 9 }, ahead: 0, owed: 0 } as const

/** A connection whose server answers when the test says so. */
function storeWith({ waitingMax = 10, timeoutMs = 60_000 } = {}) {
  const waiting: PromiseWithResolvers<unknown>[] = []
  const dropped: string[] = []
  const client: OpenedClient = {
    reply: undefined,
    send: () => {
      const reply = Promise.withResolvers<unknown>()
      waiting.push(reply)
      return reply.promise
    },
    refusal: () => ({ cause: 'unreachable', word: '' }),
    close: () => undefined,
  }
  const connection = {
    client: client as OpenedClient | undefined,
    cause: 'unreachable' as const,
    drop: (_client: OpenedClient, { cause }: { cause: string }) => void dropped.push(cause),
    stop: () => Promise.resolve(),
  }
  const store = new RedisStore({ connection, timeoutMs, now: () => 0, observer: NO_OBSERVER, waitingMax })
  return { store, waiting, dropped, connection }
}

test('at the limit of waiting commands a take is refused at once, and surely not counted', async () => {
  const { store, waiting } = storeWith({ waitingMax: 2 })
  const first = [store.take(REQUEST), store.take(REQUEST)]
  expect(await store.take(REQUEST)).toEqual({ cause: 'overloaded', mayHaveCounted: false })
  for (const reply of waiting) reply.resolve([1, '0', 1])
  await Promise.all(first)
  const next = store.take(REQUEST)
  waiting.at(-1)?.resolve([1, '0', 2])
  expect(await next).toEqual({ granted: 1, debt: 0, used: 2 })
})

test('a command that timed out still counts as waiting: the bound is of what is in memory', async () => {
  const { store } = storeWith({ waitingMax: 1, timeoutMs: 1 })
  expect(await store.take(REQUEST)).toEqual({ cause: 'timeout', mayHaveCounted: true })
  expect(await store.take(REQUEST)).toMatchObject({ cause: 'overloaded' })
})

test('three timeouts in a row are a dead connection', async () => {
  const { store, dropped } = storeWith({ timeoutMs: 1 })
  for (let each = 0; each < 3; each++) {
    expect(dropped).toEqual([])
    await store.take(REQUEST)
  }
  await waitUntil(() => dropped.length === 1, 'the connection is dropped')
  expect(dropped).toEqual(['timeout'])
})

test('without a connection a take fails at once for the reason why there is none', async () => {
  const { store, connection } = storeWith()
  connection.client = undefined
  expect(await store.take(REQUEST)).toEqual({ cause: 'unreachable', mayHaveCounted: false })
})
