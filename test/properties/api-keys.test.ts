// The law of api keys: whatever came in whatever order (objects, keys that were decrypted, another private key), a build
// from what is there says the same as the builds on the way, and the table of keys holds what a plain map would.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import type { KeyDigests, ResourceEvent } from '../../src/events/event.ts'
import { apply, type State } from '../../src/events/state.ts'
import { isInvalid } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { cipherId, holderOf } from '../../src/snapshot/key-table.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { apiKey } from '../support/manifests.ts'
import { deleted, listed, ORIGIN, stateOf, upserted } from '../support/world.ts'

const NAMES = ['one', 'two', 'three']
const CIPHERS = ['AAAA', 'BBBB', 'CCCC', 'DDDD']
const KEY_IDS = ['', 'first', 'second']

const names = fc.constantFrom(...NAMES)
const revisions = fc.array(fc.tuple(fc.constantFrom(...CIPHERS), fc.boolean()), {
  minLength: 1,
  maxLength: 3,
})
const results = fc.constantFrom('digest-x', 'digest-y', null)
const digests = fc.array(fc.tuple(fc.constantFrom(...CIPHERS), results), { maxLength: 4 })
const births = fc.constantFrom(undefined, '2026-01-01', '2026-01-02')

function objectOf(name: string, list: readonly (readonly [string, boolean])[], birth: string | undefined) {
  const builder = apiKey(name)
  for (const [data, active] of list) builder.revision(data, active ? 'Active' : 'Inactive')
  return birth === undefined ? builder : builder.created(birth)
}

const digestsOf = (list: readonly (readonly [string, string | null])[]): KeyDigests =>
  Object.fromEntries(list.map(([data, result]) => [cipherId(data), result]))

const events: fc.Arbitrary<ResourceEvent> = fc.oneof(
  fc.tuple(names, revisions, births).map(([name, list, birth]) => upserted(objectOf(name, list, birth))),
  names.map((name) => deleted(objectOf(name, [['AAAA', true]], undefined))),
  fc.tuple(names, revisions).map(([name, list]) => listed('ApiKey', objectOf(name, list, undefined))),
  fc.tuple(names, digests, fc.constantFrom(...KEY_IDS)).map(
    ([apiKeyName, list, keyId]): ResourceEvent => ({
      source: 'test',
      observedAt: 0,
      type: 'decrypted',
      keyId,
      apiKey: apiKeyName,
      digests: digestsOf(list),
    }),
  ),
  fc.tuple(fc.constantFrom(...KEY_IDS), names, digests).map(
    ([keyId, name, list]): ResourceEvent => ({
      source: 'test',
      observedAt: 0,
      type: 'decryption_key',
      key: { status: keyId === '' ? 'unset' : 'loaded', keyId, detail: '' },
      digests: keyId === '' ? {} : { [name]: digestsOf(list) },
    }),
  ),
)

function tellOf(snapshot: Snapshot) {
  const { keys, hash, conditions, conditionCounts } = snapshot
  return {
    hash,
    keyId: keys.keyId,
    counts: keys.counts,
    holders: ['digest-x', 'digest-y'].map((digest) => {
      const holder = holderOf(keys, digest)
      return holder === undefined ? undefined : [holder.apiKey, holder.revision, holder.active]
    }),
    conditions: [...conditions],
    conditionCounts: [...conditionCounts].map((count) => JSON.stringify(count)).sort(),
  }
}

/** What a plain walk over all objects finds. */
function modelOf(state: State) {
  const counts = { decrypted: 0, undecryptable: 0, pending: 0 }
  const active = new Set<string>()
  for (const { resource } of state.kinds.ApiKey.objects.values()) {
    if (resource.kind !== 'ApiKey' || isInvalid(resource)) continue
    const known = state.decryption.digests.get(resource.meta.name) ?? {}
    for (const { data, status } of resource.revisions) {
      const found = known[cipherId(data)]
      counts[found === undefined ? 'pending' : found === null ? 'undecryptable' : 'decrypted'] += 1
      if (typeof found === 'string' && status === 'Active') active.add(found)
    }
  }
  return { counts, active: [...active].sort() }
}

test('builds on the way and one from scratch say the same of keys, and so does a plain walk', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 30 }), (history) => {
      let state = stateOf()
      let snapshot = build(state, DEFAULT_OPTIONS)
      for (const event of history) {
        state = apply(state, event)
        snapshot = build(state, DEFAULT_OPTIONS, snapshot)
        const told = tellOf(snapshot)
        expect(told).toEqual(tellOf(build(state, DEFAULT_OPTIONS)))
        const { counts, active } = modelOf(state)
        expect(told.counts).toEqual(counts)
        const authenticated = ['digest-x', 'digest-y'].filter(
          (digest) => holderOf(snapshot.keys, digest)?.active,
        )
        expect(authenticated).toEqual(active)
      }
    }),
    { numRuns: 500 },
  )
})

test('nothing is kept of what was decrypted of an ApiKey that is gone', () => {
  const key = upserted(objectOf('one', [['AAAA', true]], undefined))
  const decryptionKey: ResourceEvent = {
    ...ORIGIN,
    type: 'decryption_key',
    key: { status: 'loaded', keyId: 'first', detail: '' },
    digests: {},
  }
  const decrypted: ResourceEvent = {
    ...ORIGIN,
    type: 'decrypted',
    keyId: 'first',
    apiKey: 'one',
    digests: digestsOf([['AAAA', 'digest-x']]),
  }
  const known = [decryptionKey, key, decrypted].reduce(apply, stateOf())
  expect(known.decryption.digests.size).toBe(1)
  expect(apply(known, decrypted)).toBe(known)
  for (const gone of [deleted(objectOf('one', [['AAAA', true]], undefined)), listed('ApiKey')]) {
    const without = apply(known, gone)
    expect(without.decryption.digests.size).toBe(0)
    expect(apply(without, decrypted)).toBe(without)
  }
})
