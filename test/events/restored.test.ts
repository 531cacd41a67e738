// A state that a former process left behind: stale until every kind is heard of anew, its Secrets unread until seen again.

import { describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import { apply, EMPTY_STATE, staleSince, type State } from '../../src/events/state.ts'
import { KINDS } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { createAuthority } from '../support/certificates.ts'
import { apiProxy, resourceOf, secret, service } from '../support/manifests.ts'
import { after, askOutcome, deleted, listed, refused, stateOf, upserted } from '../support/world.ts'

const SINCE = 1_000
const RESTORED: ResourceEvent = { type: 'restored', source: 'journal', observedAt: 5_000, since: SINCE }
const authority = createAuthority()
const ca = secret('ca').enabled().ca(authority.certificate)
const route = apiProxy('shop').at('/shop').toEndpoint('https://127.0.0.1:1').ssl('ca')

const restored = (state: State): State => apply(state, RESTORED)
const answer = (state: State): string => askOutcome(build(state, DEFAULT_OPTIONS), '/shop')

describe('a restored state', () => {
  test('is stale since its last record, until every kind is listed or refused', () => {
    let state = restored(stateOf(route, ca))
    expect(staleSince(state)).toBe(SINCE)
    for (const kind of KINDS.filter((kind) => kind !== 'Service')) {
      state = after(state, listed(kind))
      expect(staleSince(state)).toBe(SINCE)
    }
    expect(staleSince(after(state, listed('Service')))).toBeUndefined()
    expect(staleSince(after(state, refused('Service')))).toBeUndefined()
  })

  test('is compared with the first list: what is gone goes, what is new comes', () => {
    const state = after(
      restored(stateOf(service('a').port(80), service('b').port(80))),
      listed('Service', service('b').port(80), service('c').port(80)),
    )
    expect([...state.kinds.Service.objects.keys()].sort()).toEqual(['Service/default/b', 'Service/default/c'])
  })

  test('forgets refusals of namespaces with the first whole list', () => {
    const denied: ResourceEvent = {
      ...refused('Secret', '403'),
      namespace: 'default',
    } as ResourceEvent
    const before = restored(after(stateOf(), denied))
    expect(before.kinds.Secret.refusedIn.size).toBe(1)
    expect(after(before, listed('Secret')).kinds.Secret.refusedIn.size).toBe(0)
  })

  test('forgets what sources said of themselves', () => {
    const problems: ResourceEvent = {
      type: 'problems',
      source: 'directory',
      observedAt: 1,
      problems: [{ file: 'a.yaml', reason: 'Unparsable', message: 'no' }],
    }
    const silent: ResourceEvent = { type: 'stale', source: 'kubernetes', observedAt: 1, since: 1 }
    const state = restored(after(stateOf(), problems, silent))
    expect(state.problems.size).toBe(0)
    expect(staleSince(state)).toBe(SINCE)
  })

  test('of a process that had heard nothing restores nothing', () => {
    const state = restored(EMPTY_STATE)
    expect(state.restored).toEqual([])
    expect(staleSince(state)).toBeUndefined()
  })
})

describe('a Secret of a restored state', () => {
  const before = stateOf(route, ca)

  test('fails its routes with its own reason, and changes the hash', () => {
    expect(answer(before)).toMatch(/^default\/shop https:/)
    expect(answer(restored(before))).toBe('default/shop 06 secret_not_restored')
    expect(build(restored(before), DEFAULT_OPTIONS).hash).not.toBe(build(before, DEFAULT_OPTIONS).hash)
  })

  test('is read again by a list or an upsert that says nothing new', () => {
    const heard = after(restored(before), listed('Secret', ca))
    expect(answer(heard)).toBe(answer(before))
    expect(answer(after(restored(before), upserted(ca)))).toBe(answer(before))
    expect(build(heard, DEFAULT_OPTIONS).hash).toBe(build(before, DEFAULT_OPTIONS).hash)
  })

  test('makes its routes anew in an incremental build', () => {
    const state = restored(before)
    const snapshot = build(state, DEFAULT_OPTIONS)
    const read = build(after(state, upserted(ca)), DEFAULT_OPTIONS, snapshot)
    expect(askOutcome(read, '/shop')).toBe(answer(before))
    expect(read.revision).toBe(snapshot.revision + 1)
  })

  test('that is gone is missing', () => {
    expect(answer(after(restored(before), deleted(ca)))).toBe('default/shop 06 secret_missing')
    expect(answer(after(restored(before), listed('Secret')))).toBe('default/shop 06 secret_missing')
  })

  test('leaves the state the same object where another object says nothing new', () => {
    const state = restored(stateOf(route, ca, service('a').port(80)))
    expect(apply(state, upserted(resourceOf(service('a').port(80))))).toBe(state)
  })
})
