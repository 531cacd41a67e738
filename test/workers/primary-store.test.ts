import { describe, expect, test } from 'vitest'
import { NO_OBSERVER } from '../../src/plugins/limits/limit-observer.ts'
import type { TakeRequest } from '../../src/plugins/limits/limit-store.ts'
import { MemoryLimiter } from '../../src/plugins/limits/memory-limiter.ts'
import { SharedLimiter } from '../../src/plugins/limits/shared-limiter.ts'
import { answerTakes, PrimaryStore } from '../../src/workers/primary-store.ts'
import { describeLimiter } from '../contracts/limiter.ts'

const TAKE: TakeRequest = { allowance: { id: 'a', quota: 3 }, ahead: 0, owed: 0 }

/** A store whose primary answers with the next turn. */
function openStore(now: () => number, entriesMax = 1_000) {
  const counter = new MemoryLimiter({ entriesMax, onFull: 'deny', now, observer: NO_OBSERVER })
  const sent: number[] = []
  const store: PrimaryStore = new PrimaryStore({
    send: (first, takes) => {
      sent.push(takes.length)
      setImmediate(() =>
        store.answered(
          first,
          answerTakes(takes, (allowance, owed) => counter.count(allowance, owed)),
        ),
      )
      return true
    },
    timeoutMs: 60_000,
    now,
    observer: NO_OBSERVER,
  })
  return { store, sent }
}

function openLimiter(now: () => number, entriesMax?: number): SharedLimiter {
  return new SharedLimiter({
    store: openStore(now, entriesMax).store,
    onStoreFailure: 'local_share',
    replicas: 2,
    leaseMost: 0,
    entriesMax: 1_000,
    now,
    observer: NO_OBSERVER,
    onStore: () => undefined,
  })
}

describeLimiter('whose store is the primary', () => {
  const clock = { ms: 0 }
  const limiter = openLimiter(() => clock.ms)
  return Promise.resolve({
    limiter,
    pass: (_id, ms) => {
      clock.ms += ms
    },
    stop: () => limiter.stop(),
  })
})

describe('the store that the primary keeps', () => {
  test('is asked once for all takes of a turn, and answers each in order', async () => {
    const { store, sent } = openStore(() => 0)
    const answers = await Promise.all(Array.from({ length: 5 }, () => store.take(TAKE)))
    expect(sent).toEqual([5])
    expect(answers).toEqual([
      { granted: 1, debt: 0, used: 1 },
      { granted: 1, debt: 0, used: 2 },
      { granted: 1, debt: 0, used: 3 },
      { granted: -1, debt: 0, used: 3 },
      { granted: -1, debt: 0, used: 3 },
    ])
  })

  test('adds what was granted without it to a quota that it did not know', async () => {
    const { store } = openStore(() => 0)
    expect(await store.take({ ...TAKE, owed: 3 })).toEqual({ granted: -1, debt: 0, used: 3 })
    expect(await store.take(TAKE)).toEqual({ granted: -1, debt: 0, used: 3 })
  })

  test('that is full denies what is new, and goes on being asked', async () => {
    const limiter = openLimiter(() => 0, 1)
    const of = (id: string) => limiter.take({ id, quota: 9 })
    expect((await of('first')).failure).toBeUndefined()
    for (let each = 0; each < 5; each++) {
      const verdict = await of(`other-${each}`)
      expect(verdict).toMatchObject({
        failure: 'limit_store_failed',
        fallback: { by: 'deny', cause: 'full' },
      })
    }
    expect((await of('first')).failure).toBeUndefined()
  })

  test('is not awaited for longer than it may take, nor by more than may wait, nor at all once it is gone', async () => {
    let connected = true
    const parts = { send: () => connected, timeoutMs: 1, now: () => performance.now(), observer: NO_OBSERVER }
    const store = new PrimaryStore({ ...parts, waitingMax: 2 })
    const answers = await Promise.all([store.take(TAKE), store.take(TAKE), store.take(TAKE)])
    expect(answers).toEqual([
      { cause: 'timeout', mayHaveCounted: true },
      { cause: 'timeout', mayHaveCounted: true },
      { cause: 'overloaded', mayHaveCounted: false },
    ])
    connected = false
    expect(await store.take(TAKE)).toEqual({ cause: 'unreachable', mayHaveCounted: false })
    await store.stop()
    expect(await store.take(TAKE)).toEqual({ cause: 'unreachable', mayHaveCounted: true })
  })
})
