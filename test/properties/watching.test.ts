// The law of the watch: whatever a server does to its clients, what was told is in the end what is there, and no list
// that was told is one that never was.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ApiClient } from '../../src/kube/api-client.ts'
import { Reflector } from '../../src/kube/reflector.ts'
import { startFakeCluster } from '../support/fake-api-server.ts'
import { ModelApiServer, textOf } from '../support/model-api-server.ts'
import { waitUntil } from '../support/wait-until.ts'

interface Read {
  readonly metadata: { readonly name: string; readonly uid: string }
  readonly value: number
}

const names = fc.constantFrom('a', 'b', 'c', 'd')
const operations = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('put'), names, fc.nat(9)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('delete'), names, fc.constant(0)) },
    {
      weight: 4,
      arbitrary: fc.tuple(
        fc.constantFrom('compact', 'cut', 'silent', 'garbage', 'pause'),
        names,
        fc.constant(0),
      ),
    },
  ),
  { minLength: 10, maxLength: 60 },
)

test('whatever happens on the way, what was told is what is there', async () => {
  await fc.assert(
    fc.asyncProperty(operations, fc.integer(), async (history, seed) => {
      const random = randomFrom(seed)
      const model = new ModelApiServer(random)
      await using server = await startFakeCluster({ services: model.step })
      const client = new ApiClient({
        server: server.url,
        namespace: undefined,
        credentials: () => Promise.resolve({ headers: {}, tls: {} }),
        renew: () => undefined,
      })
      const told = new Map<string, Read>()
      const strange: string[] = []
      const reflector = new Reflector<Read>({
        client,
        path: '/api/v1/services',
        read: (object) => object as unknown as Read,
        listener: {
          listed: (objects) => {
            const text = textOf(objects)
            if (!model.moments.has(text)) strange.push(text)
            told.clear()
            for (const object of objects) told.set(object.metadata.name, object)
          },
          upserted: (object) => void told.set(object.metadata.name, object),
          deleted: ({ metadata }) => {
            if (told.get(metadata.name)?.metadata.uid === metadata.uid) told.delete(metadata.name)
          },
          refused: () => undefined,
        },
        log: { info: () => undefined, warn: () => undefined },
        timing: { backoff: { leastMs: 1, mostMs: 4 }, inactivityMs: 40, proveMs: 1 },
      })
      reflector.start()
      for (const [what, name, value] of history) {
        if (what === 'put') model.put(name, value)
        else if (what === 'delete') model.delete(name)
        else if (what === 'compact') model.compact()
        else if (what === 'cut') model.cut()
        else if (what === 'silent') model.fallSilent()
        else if (what === 'garbage') model.sayGarbage()
        else await turns(40)
        // So that some of it is on its way while the next happens.
        await turns(Math.floor(random() * 12))
      }
      model.mischievous = false
      model.put('last', 1)
      try {
        await waitUntil(
          () => textOf(told.values()) === model.now,
          () => `${model.now}; told: ${textOf(told.values())}`,
          {
            everyMs: 1,
          },
        )
        expect(strange).toEqual([])
      } finally {
        reflector.stop()
        await client.close()
      }
    }),
    { numRuns: 150 },
  )
}, 120_000)

/** Lets the event loop go round so often. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
