// What is known in part: one namespace of a kind, a kind that never came, a source that is silent.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allSettled, apply, applyAll, EMPTY_STATE, isExpired, staleSince } from '../../src/events/state.ts'
import { touchedSince } from '../../src/events/touched.ts'
import { KINDS } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { resourceOf, service } from '../support/manifests.ts'
import { optionsWith } from '../support/world.ts'

const at = { source: 'kubernetes', observedAt: 0 } as const
const serviceIn = (namespace: string, name: string) =>
  resourceOf(service(name).inNamespace(namespace).port(80))
const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'))
const listed = (namespace: string | undefined, resources: ReturnType<typeof serviceIn>[]) =>
  ({
    type: 'listed',
    ...at,
    kind: 'Service',
    resources,
    ...(namespace !== undefined && { namespace }),
  }) as const

describe('the list of one namespace', () => {
  test('comes to the same as a list of all with that namespace replaced', () => {
    fc.assert(
      fc.property(names, names, names, (mine, yours, mineLater) => {
        const of = (namespace: string, list: string[]) => list.map((name) => serviceIn(namespace, name))
        const before = apply(EMPTY_STATE, listed(undefined, [...of('mine', mine), ...of('yours', yours)]))
        const after = apply(before, listed('mine', of('mine', mineLater)))
        const whole = apply(EMPTY_STATE, listed(undefined, [...of('mine', mineLater), ...of('yours', yours)]))
        expect(after.digest).toBe(whole.digest)
        expect([...after.kinds.Service.objects.keys()].sort()).toEqual(
          [...whole.kinds.Service.objects.keys()].sort(),
        )
      }),
    )
  })

  test('does not make the kind known, and ends a refusal there', () => {
    const refused = apply(EMPTY_STATE, {
      type: 'refused',
      ...at,
      kind: 'Service',
      namespace: 'mine',
      detail: 'no',
    })
    expect(refused.kinds.Service.refusedIn.get('mine')).toBe('no')
    const known = apply(refused, listed('mine', []))
    expect(known.kinds.Service).toMatchObject({ status: 'pending' })
    expect(known.kinds.Service.refusedIn.size).toBe(0)
  })
})

test('a kind that is overdue is not waited for, and known once it comes', () => {
  const others = KINDS.filter((kind) => kind !== 'Service')
  const state = applyAll(
    EMPTY_STATE,
    others.map(
      (kind) => ({ type: 'listed', source: 'kubernetes', observedAt: 0, kind, resources: [] }) as const,
    ),
  )
  expect(allSettled(state)).toBe(false)
  const overdue = apply(state, { type: 'overdue', ...at, kind: 'Service', detail: 'late' })
  expect(allSettled(overdue)).toBe(true)
  const come = apply(overdue, listed(undefined, []))
  expect(come.kinds.Service).toMatchObject({ status: 'synced', detail: '' })
  expect(apply(come, { type: 'overdue', ...at, kind: 'Service', detail: 'late' })).toBe(come)
})

test('a silence changes no answer until it has lasted too long, and then only those of its kind', () => {
  const said = (since: number, expired: ('Service' | 'Secret')[]) =>
    ({ type: 'stale', ...at, since, expired }) as const
  const silent = apply(EMPTY_STATE, said(5, []))
  expect(staleSince(silent)).toBe(5)
  expect([...(touchedSince(silent, EMPTY_STATE.version) ?? [])]).toEqual(['Stale'])
  const expired = apply(silent, said(5, ['Service']))
  expect([isExpired(expired, 'Service'), isExpired(expired, 'Secret')]).toEqual([true, false])
  expect([...(touchedSince(expired, silent.version) ?? [])].sort()).toEqual(['Kind/Service', 'Stale'])
  expect(apply(expired, said(5, ['Service']))).toBe(expired)
  const heard = apply(expired, { type: 'stale', ...at })
  expect([isExpired(heard, 'Service'), staleSince(heard)]).toEqual([false, undefined])
  const hashOf = (state: typeof silent) => build(state, optionsWith({})).hash
  expect(hashOf(silent)).toBe(hashOf(EMPTY_STATE))
  expect(hashOf(expired)).not.toBe(hashOf(silent))
})
