import { describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { apply, type State } from '../../src/events/state.ts'
import { settle } from '../../src/events/touched.ts'
import { build, INITIAL_SNAPSHOT } from '../../src/snapshot/build.ts'
import { CONDITION_CHANGES_MAX } from '../../src/snapshot/condition-changes.ts'
import { match } from '../../src/snapshot/match.ts'
import { removeRoute } from '../../src/snapshot/route-table.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { apiProxy, mockTarget, secret, service } from '../support/manifests.ts'
import {
  after,
  askOutcome,
  conditionOf,
  deleted,
  type Known,
  listed,
  optionsWith,
  ORIGIN,
  refused,
  snapshotOf,
  stateOf,
  upserted,
} from '../support/world.ts'

const toService = (name: string) => apiProxy(name).at(`/${name}`).service(name, 80)

/** A state, its snapshot, and the snapshot after more events. */
function rebuilt(objects: readonly Known[], ...events: readonly Parameters<typeof apply>[1][]) {
  const state = stateOf(...objects)
  const before = build(state, DEFAULT_OPTIONS)
  const next = after(settle(state), ...events)
  return { before, now: build(next, DEFAULT_OPTIONS, before), state: next }
}

describe('revision and hash', () => {
  it('begin at revision 1 after the initial snapshot', () => {
    expect(build(stateOf(), DEFAULT_OPTIONS, INITIAL_SNAPSHOT).revision).toBe(1)
    expect(build(stateOf(), DEFAULT_OPTIONS).hash).toMatch(/^[0-9a-f]{16}$/)
  })

  it('give the previous snapshot itself where nothing changed', () => {
    const { before, now } = rebuilt([toService('a')], upserted(toService('a').resourceVersion('8')))
    expect(now).toBe(before)
  })

  it('keep the hash for a new generation of the same content, which conditions of a new revision speak of', () => {
    const { before, now } = rebuilt([toService('a').generation(1)], upserted(toService('a').generation(7)))
    expect([now.revision, now.hash]).toEqual([2, before.hash])
    expect([...now.changes.affected]).toContain('ApiProxy/default/a')
    expect(conditionOf(now, 'a', 'Ready')?.generation).toBe(7)
  })

  it('count on and differ with every change of content', () => {
    const { before, now } = rebuilt([toService('a')], upserted(toService('a').target('/b')))
    expect(now.revision).toBe(2)
    expect(now.hash).not.toBe(before.hash)
  })

  it('keep the hash for faults of a source, which are conditions of a new revision', () => {
    const problems = [{ file: 'a.yaml', reason: 'Unparsable', message: 'line 3' }]
    const { before, now } = rebuilt([toService('a')], { ...ORIGIN, type: 'problems', problems })
    expect(now.revision).toBe(2)
    expect(now.hash).toBe(before.hash)
    expect(conditionOf(now, 'a.yaml', 'Accepted')).toMatchObject({
      kind: 'File',
      status: 'False',
      reason: 'Unparsable',
    })
  })

  it('say since when the source has not been heard, with the same hash', () => {
    const { before, now } = rebuilt([], { ...ORIGIN, type: 'stale', since: 17 })
    expect(now.staleSince).toBe(17)
    expect(now.hash).toBe(before.hash)
    expect(before.staleSince).toBeUndefined()
  })

  it.each([
    ['a refused kind', (state: State) => apply(state, refused('Secret')), DEFAULT_OPTIONS],
    [
      'a plugin',
      (state: State) =>
        apply(state, { ...ORIGIN, type: 'plugins', plugins: [{ name: 'p', file: 'p.mjs', methods: [] }] }),
      DEFAULT_OPTIONS,
    ],
    ['an option of the build', (state: State) => state, optionsWith({ 'proxy.enable_cluster_ip': true })],
  ])('differ with %s', (_, change, options) => {
    const state = stateOf(toService('a'))
    const before = build(state, DEFAULT_OPTIONS)
    const now = build(change(state), options, before)
    expect(now.hash).not.toBe(before.hash)
    expect(now.revision).toBe(2)
  })

  it('do not depend on options that build nothing, nor on the order of plugins, nor on details of their failures', () => {
    const fact = (name: string, detail: string) =>
      ({ name, file: `${name}.mjs`, methods: [], failure: { reason: 'plugin_load_failed', detail } }) as const
    const state = apply(stateOf(), { ...ORIGIN, type: 'plugins', plugins: [fact('a', 'x'), fact('b', 'y')] })
    const other = apply(stateOf(), { ...ORIGIN, type: 'plugins', plugins: [fact('b', 'z'), fact('a', 'x')] })
    const options = { ...DEFAULT_OPTIONS, 'proxy.upstream_timeout': 1 }
    expect(build(other, options).hash).toBe(build(state, DEFAULT_OPTIONS).hash)
  })
})

describe('an incremental build', () => {
  it('keeps every route whose inputs did not change, by reference', () => {
    const objects = [toService('a'), toService('b'), service('a').port(80), service('b').port(80)]
    const { before, now } = rebuilt(objects, upserted(service('a').port(80).labelled({ x: 'y' })))
    expect(match(now.routes, '/b', '')).toBe(match(before.routes, '/b', ''))
    expect(match(now.routes, '/a', '')).not.toBe(match(before.routes, '/a', ''))
  })

  it('leaves the snapshot that it was built from as it was', () => {
    const { before, now } = rebuilt([toService('a'), service('a').port(80)], deleted(toService('a')))
    expect(askOutcome(before, '/a')).toBe('default/a http://a.default.svc.cluster.local:80/')
    expect(askOutcome(now, '/a')).toBe('00 no_path_matched')
    expect(before.counts.ApiProxy).toBe(1)
    expect(now.counts.ApiProxy).toBe(0)
    expect(conditionOf(before, 'a', 'Ready')?.status).toBe('True')
  })

  it('is one from scratch where the state no longer knows what was touched', () => {
    const state = stateOf(toService('a'))
    const before = build(state, DEFAULT_OPTIONS)
    const lost = settle(apply(state, upserted(service('a').port(80))))
    const now = build(apply(lost, deleted(toService('a'))), DEFAULT_OPTIONS, before)
    expect(now.hash).toBe(snapshotOf(service('a').port(80)).hash)
    expect(now.changes.removedApiProxies).toEqual([{ namespace: 'default', name: 'a' }])
    expect(now.revision).toBe(2)
  })

  it('recompiles every route of a kind whose status changes', () => {
    const state = stateOf(toService('a'), service('a').port(80))
    const before = build(state, DEFAULT_OPTIONS)
    const without = build(apply(state, refused('Service')), DEFAULT_OPTIONS, before)
    expect(askOutcome(without, '/a')).toBe('default/a 09 services_refused')
    const again = apply(apply(state, refused('Service')), listed('Service', service('a').port(80)))
    expect(askOutcome(build(again, DEFAULT_OPTIONS, without), '/a')).toContain('http://')
  })

  it('recompiles the routes of a plugin that was loaded, and no others', () => {
    const withPlugin = toService('a').plugin('guard')
    const plugins = [{ name: 'guard', file: 'guard.mjs', methods: ['onRequest', 'onResponse'] as const }]
    const { before, now } = rebuilt([withPlugin, toService('b')], { ...ORIGIN, type: 'plugins', plugins })
    const routeOf = (snapshot: Snapshot, path: string) => match(snapshot.routes, path, '')
    expect(routeOf(before, '/a')?.plugins[0]?.failure?.fact.reason).toBe('plugin_file_missing')
    expect(routeOf(now, '/a')?.plugins[0]).toEqual({ name: 'guard', file: 'guard.mjs', config: {} })
    expect(routeOf(now, '/b')).toBe(routeOf(before, '/b'))
  })
})

describe('what a build changed', () => {
  it('names the ApiProxies that are gone, not those that lost their place', () => {
    const older = apiProxy('older').at('/a').created('2026-01-01').toEndpoint('http://a.example')
    const younger = apiProxy('younger').at('/a').created('2026-01-02').toEndpoint('http://b.example')
    const { now } = rebuilt([younger, toService('gone')], upserted(older), deleted(toService('gone')))
    expect(now.changes.removedApiProxies).toEqual([{ namespace: 'default', name: 'gone' }])
  })

  it('names conditions that went bad and those that are good again', () => {
    const { before, now, state } = rebuilt([toService('a'), service('a').port(80)], deleted(service('a')))
    expect(before.changes.conditions).toEqual([])
    const named = now.changes.conditions.map(
      ({ after: condition }) => `${condition?.type} ${condition?.reason}`,
    )
    expect(named).toEqual(['Ready ServiceMissing', 'ResolvedRefs ServiceMissing'])
    const healed = build(apply(settle(state), upserted(service('a').port(80))), DEFAULT_OPTIONS, now)
    expect(healed.changes.conditions.map(({ after: condition }) => condition?.status)).toEqual([
      'True',
      'True',
    ])
  })

  it('tells every loser of a place when the winner is another', () => {
    const claim = (name: string, day: number) =>
      apiProxy(name).at('/a').created(`2026-01-0${day}`).toEndpoint('http://a.example')
    const { now } = rebuilt([claim('one', 1), claim('two', 2), claim('three', 3)], deleted(claim('one', 1)))
    expect(askOutcome(now, '/a')).toContain('default/two')
    expect(conditionOf(now, 'three', 'Accepted')?.message).toContain('default/two')
    // What was good of an object that is gone is no news.
    const told = new Set(now.changes.conditions.map(({ before, after }) => (after ?? before)?.name))
    expect(told).toEqual(new Set(['two', 'three']))
  })

  it('is cut at its limit, and the rest counted', () => {
    const many = Array.from({ length: CONDITION_CHANGES_MAX }, (_, index) => toService(`p-${index}`))
    const { changes } = snapshotOf(...many)
    expect(changes.conditions).toHaveLength(CONDITION_CHANGES_MAX)
    expect(changes.conditionsCut).toBe(CONDITION_CHANGES_MAX)
  })
})

describe('counts of conditions', () => {
  it('equal a count by walking, after every kind of change', () => {
    const state = stateOf(toService('a'), toService('b').plugin('p'), apiProxy('bad').patched('spec', 3))
    let snapshot = build(state, DEFAULT_OPTIONS)
    let now = state
    const events = [
      upserted(service('a').port(80)),
      upserted(apiProxy('c').at('/a').toEndpoint('http://c.example')),
      upserted(mockTarget('m').patched('spec', 'nonsense')),
      upserted(secret('s').patched('data', 'nonsense')),
      upserted(mockTarget('m').route('/', 200)),
      deleted(toService('a')),
      refused('Service'),
      {
        ...ORIGIN,
        type: 'problems',
        problems: [
          { file: 'f', reason: 'Unparsable', message: '' },
          { file: 'g', reason: 'Unparsable', message: '' },
        ],
      },
      {
        ...ORIGIN,
        type: 'plugins',
        plugins: [
          { name: 'p', file: 'p.mjs', methods: [], failure: { reason: 'plugin_load_failed', detail: 'd' } },
        ],
      },
      { ...ORIGIN, type: 'problems', problems: [] },
      upserted(toService('bad')),
    ] as const
    for (const event of events) {
      now = apply(now, event)
      snapshot = build(now, DEFAULT_OPTIONS, snapshot)
      expect(countsOf(snapshot)).toEqual(walkedCountsOf(snapshot))
      expect(countsOf(snapshot)).toEqual(countsOf(build(now, DEFAULT_OPTIONS)))
    }
  })
})

describe('conditions', () => {
  it('are sorted by kind, namespace, name and type, and can be walked again', () => {
    const snapshot = snapshotOf(
      toService('b'),
      toService('a'),
      toService('a').inNamespace('a-b').at('/x'),
      toService('z').inNamespace('a').at('/y'),
      mockTarget('m').patched('spec', 3),
    )
    const walk = () =>
      Array.from(snapshot.conditions, ({ kind, namespace, name, type }) =>
        [kind, namespace, name, type].join(' '),
      )
    expect(walk().slice(0, 4)).toEqual([
      'ApiProxy a z Accepted',
      'ApiProxy a z Ready',
      'ApiProxy a z ResolvedRefs',
      'ApiProxy a-b a Accepted',
    ])
    expect(walk().at(-1)).toBe('MockTarget default m Accepted')
    expect(walk()).toHaveLength(13)
  })

  it('carry the generation of the object', () => {
    const snapshot = snapshotOf(
      toService('a').generation(4),
      mockTarget('m').generation(5).patched('spec', 3),
    )
    expect(conditionOf(snapshot, 'a', 'Ready')?.generation).toBe(4)
    expect(conditionOf(snapshot, 'm', 'Accepted')?.generation).toBe(5)
  })
})

describe('the private parts of a snapshot', () => {
  it('are in no dump of it', () => {
    const snapshot = snapshotOf(toService('a'))
    expect(Object.keys(snapshot).sort()).toEqual([
      'changes',
      'conditionCounts',
      'conditions',
      'counts',
      'hash',
      'kinds',
      'refusals',
      'revision',
      'routes',
    ])
    expect(removeRoute(snapshot.routes, '/a', undefined).size).toBe(0)
  })
})

function countsOf(snapshot: Snapshot): Record<string, number> {
  const counts = Array.from(snapshot.conditionCounts, ({ kind, type, status, reason, count }) => {
    return [`${kind} ${type} ${status} ${reason}`, count] as const
  })
  return Object.fromEntries(counts)
}

function walkedCountsOf(snapshot: Snapshot): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind, type, status, reason } of snapshot.conditions) {
    const key = `${kind} ${type} ${status} ${reason}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}
