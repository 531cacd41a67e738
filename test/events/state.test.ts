import { describe, expect, it } from 'vitest'
import { allSettled, apply, EMPTY_STATE, objectOf, staleSince } from '../../src/events/state.ts'
import { settle, touchedSince } from '../../src/events/touched.ts'
import { KINDS } from '../../src/resources/resource.ts'
import { apiKey, apiProxy, service } from '../support/manifests.ts'
import { after, deleted, listed, ORIGIN, refused, stateOf, upserted } from '../support/world.ts'

const proxy = (path = '/a') => apiProxy('a').at(path).toEndpoint('http://example.com')

describe('apply', () => {
  it('gives the very same state for the same object again', () => {
    const state = stateOf(proxy())
    expect(apply(state, upserted(proxy()))).toBe(state)
    expect(apply(state, listed('ApiProxy', proxy()))).toBe(state)
  })

  it('gives the very same state where only the resourceVersion differs', () => {
    const state = stateOf(proxy().resourceVersion('1'))
    expect(apply(state, upserted(proxy().resourceVersion('2')))).toBe(state)
  })

  it('sees a change of the spec below an unchanged resourceVersion', () => {
    const state = stateOf(proxy('/a').resourceVersion('1'))
    const next = apply(state, upserted(proxy('/b').resourceVersion('1')))
    expect(next.digest).not.toBe(state.digest)
    expect(next.version).toBe(state.version + 1)
  })

  it.each([
    ['labels', proxy().labelled({ a: 'b' })],
    ['kept annotations', proxy().annotated({ 'kanali.io/a': 'b' })],
    ['creationTimestamp', proxy().created('2026-01-01')],
  ])('counts %s as content', (_, changed) => {
    const state = stateOf(proxy())
    const next = apply(state, upserted(changed))
    expect(next.digest).not.toBe(state.digest)
    expect(next.version).toBe(state.version + 1)
  })

  it('keeps a new uid and generation: a change of nothing but what its conditions speak of', () => {
    const state = stateOf(proxy().uid('1').generation(1))
    const next = apply(state, upserted(proxy().uid('2').generation(5)))
    expect(touchedSince(next, state.version)).toEqual(new Set(['ApiProxy/default/a']))
    expect(next.digest).toBe(state.digest)
    expect(objectOf(next, 'ApiProxy', 'default', 'a')?.meta).toMatchObject({ uid: '2', generation: 5 })
  })

  it('makes no change of those of a kind without conditions', () => {
    const state = stateOf(service('a').port(80).uid('1').generation(1))
    const next = apply(state, upserted(service('a').port(80).uid('2').generation(5)))
    expect(next).not.toBe(state)
    expect(next.version).toBe(state.version)
    expect(objectOf(next, 'Service', 'default', 'a')?.meta).toMatchObject({ uid: '2', generation: 5 })
  })

  it.each([
    ['ApiProxy', 1, proxy().uid('1'), proxy().uid('2')],
    ['Service', 0, service('a').port(80).uid('1'), service('a').port(80).uid('2')],
  ] as const)('keeps new uids of a relist (%s)', (kind, changes, before, renewed) => {
    const state = stateOf(before)
    const next = apply(state, listed(kind, renewed))
    expect(next.version).toBe(state.version + changes)
    expect(next.digest).toBe(state.digest)
    expect(apply(next, deleted(before, '1'))).toBe(next)
  })

  it('never lets an old delete remove a successor', () => {
    const state = stateOf(proxy().uid('new'))
    expect(apply(state, deleted(proxy(), 'old'))).toBe(state)
    expect(objectOf(apply(state, deleted(proxy(), 'new')), 'ApiProxy', 'default', 'a')).toBeUndefined()
  })

  it('takes a delete without uid at its word', () => {
    const state = apply(stateOf(proxy().uid('1')), deleted(proxy()))
    expect(objectOf(state, 'ApiProxy', 'default', 'a')).toBeUndefined()
    expect(apply(state, deleted(proxy()))).toBe(state)
  })

  it('replaces a kind by its list and leaves the other kinds alone', () => {
    const state = stateOf(
      proxy(),
      apiProxy('b').at('/b').toEndpoint('http://example.com'),
      service('a').port(80),
    )
    const next = apply(state, listed('ApiProxy', proxy('/changed')))
    expect([...next.kinds.ApiProxy.objects.keys()]).toEqual(['ApiProxy/default/a'])
    expect(next.kinds.Service).toBe(state.kinds.Service)
    expect(touchedSince(next, state.version)).toEqual(new Set(['ApiProxy/default/a', 'ApiProxy/default/b']))
  })

  it('touches nothing by a list that says nothing new', () => {
    const state = settle(stateOf(proxy(), service('a').port(80)))
    const next = apply(state, listed('Service', service('a').port(80)))
    expect(next).toBe(state)
  })

  it('takes an object that is twice in a list for its last one', () => {
    const state = apply(EMPTY_STATE, listed('ApiProxy', proxy('/a'), proxy('/b')))
    expect(state.digest).toBe(apply(EMPTY_STATE, listed('ApiProxy', proxy('/b'))).digest)
  })

  it('keeps what was last known of a kind that is refused later', () => {
    const state = apply(stateOf(proxy()), refused('ApiProxy', 'HTTP status 403'))
    expect(state.kinds.ApiProxy).toMatchObject({ status: 'refused', detail: 'HTTP status 403' })
    expect(state.kinds.ApiProxy.objects.size).toBe(1)
    expect(apply(state, refused('ApiProxy', 'HTTP status 403'))).toBe(state)
  })

  it('is settled once every kind is listed or refused', () => {
    const lists = KINDS.slice(1).map((kind) => listed(kind))
    expect(allSettled(after(EMPTY_STATE, ...lists))).toBe(false)
    expect(allSettled(after(EMPTY_STATE, ...lists, refused('ApiProxy')))).toBe(true)
  })

  it('remembers staleness and problems by source, and neither is content', () => {
    const state = stateOf(proxy())
    const stale = after(
      state,
      { source: 'one', observedAt: 9, type: 'stale', since: 5 },
      { source: 'two', observedAt: 9, type: 'stale', since: 3 },
      {
        ...ORIGIN,
        type: 'problems',
        problems: [{ file: 'a.yaml', reason: 'Unparsable', message: 'line 3' }],
      },
    )
    expect(staleSince(stale)).toBe(3)
    expect(stale.digest).toBe(state.digest)
    expect(stale.version).toBe(state.version + 3)
    const heard = apply(stale, { source: 'two', observedAt: 10, type: 'stale' })
    expect(staleSince(heard)).toBe(5)
    expect(apply(heard, { source: 'two', observedAt: 11, type: 'stale' })).toBe(heard)
  })

  it('gives the very same state for the same plugins and the same problems again', () => {
    const plugins = [{ name: 'p', file: 'p.mjs', methods: ['onRequest' as const] }]
    const problems = [{ file: 'a.yaml', reason: 'Unparsable', message: 'line 3' }]
    const state = after(
      EMPTY_STATE,
      { ...ORIGIN, type: 'plugins', plugins },
      { ...ORIGIN, type: 'problems', problems },
    )
    expect(apply(state, { ...ORIGIN, type: 'plugins', plugins: structuredClone(plugins) })).toBe(state)
    expect(apply(state, { ...ORIGIN, type: 'problems', problems: structuredClone(problems) })).toBe(state)
  })

  it('has a digest that does not depend on the order of events', () => {
    const objects = [proxy(), service('s').port(80), apiKey('k').revision('data')]
    const forwards = after(EMPTY_STATE, ...objects.map(upserted))
    const backwards = after(EMPTY_STATE, ...objects.toReversed().map(upserted))
    expect(forwards.digest).toBe(backwards.digest)
    const emptied = after(forwards, ...objects.map((object) => deleted(object)))
    expect(emptied.digest).toBe(EMPTY_STATE.digest)
  })

  it('tells a label that is called like a built-in property from none', () => {
    const state = stateOf(proxy())
    expect(apply(state, upserted(proxy().labelled({ constructor: 'x' })))).not.toBe(state)
  })
})

describe('touched keys', () => {
  it('are those since a version, each once', () => {
    const state = stateOf()
    const next = after(state, upserted(proxy('/a')), upserted(service('s').port(80)), upserted(proxy('/b')))
    expect(touchedSince(next, state.version)).toEqual(new Set(['ApiProxy/default/a', 'Service/default/s']))
    expect(touchedSince(next, next.version)).toEqual(new Set())
  })

  it('are unknown where the list was settled after that version', () => {
    const state = stateOf()
    const settled = settle(apply(state, upserted(proxy())))
    expect(touchedSince(settled, state.version)).toBeUndefined()
    expect(touchedSince(settled, settled.version)).toEqual(new Set())
  })
})
