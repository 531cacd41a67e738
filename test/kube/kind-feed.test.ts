// From several reflectors of one kind to events: whole at first, one namespace at a time from then on.

import { describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import { applyAll, EMPTY_STATE } from '../../src/events/state.ts'
import { KindFeed, type Received } from '../../src/kube/kind-feed.ts'
import { resourceOf, service } from '../support/manifests.ts'

const received = (namespace: string, name: string): Received => ({
  resource: resourceOf(service(name).inNamespace(namespace).uid(`${namespace}-${name}`).port(80)),
})

function feedOf(...scopes: (string | undefined)[]) {
  const events: ResourceEvent[] = []
  const feed = new KindFeed({
    kind: 'Service',
    scopes,
    vault: { put: () => undefined },
    emit: (event) => events.push(event),
    heardAgain: () => undefined,
  })
  const known = () => [...applyAll(EMPTY_STATE, events).kinds.Service.objects.keys()].sort()
  const state = () => applyAll(EMPTY_STATE, events).kinds.Service
  return { feed, events, known, state }
}

describe('a kind of one scope', () => {
  test('is listed as it comes, and watched from there', () => {
    const { feed, known, events } = feedOf(undefined)
    const listener = feed.listener(undefined)
    expect(feed.waiting).toBe(true)
    listener.listed([received('a', 'x')], 1)
    listener.upserted(received('b', 'y'), 2)
    listener.deleted(received('a', 'x'), 3)
    expect(known()).toEqual(['Service/b/y'])
    expect(events.map(({ type, observedAt }) => `${type} ${observedAt}`)).toEqual([
      'listed 1',
      'upserted 2',
      'deleted 3',
    ])
  })

  test('that is refused is refused, until it is listed', () => {
    const { feed, state } = feedOf(undefined)
    feed.listener(undefined).refused('403: no', 1)
    expect(state()).toMatchObject({ status: 'refused', detail: '403: no' })
    feed.listener(undefined).listed([], 2)
    expect(state()).toMatchObject({ status: 'synced', detail: '' })
  })
})

describe('a kind of several namespaces', () => {
  test('is said to be listed once all were heard, with what changed meanwhile', () => {
    const { feed, events, known } = feedOf('a', 'b')
    feed.listener('a').listed([received('a', 'x'), received('a', 'gone')], 1)
    feed.listener('a').upserted(received('a', 'y'), 2)
    feed.listener('a').deleted(received('a', 'gone'), 3)
    expect(events).toEqual([])
    feed.listener('b').listed([received('b', 'z')], 4)
    expect(known()).toEqual(['Service/a/x', 'Service/a/y', 'Service/b/z'])
    expect(events.map(({ type }) => type)).toEqual(['listed'])
  })

  test('a namespace that is listed twice before the others replaces its first list', () => {
    const { feed, known } = feedOf('a', 'b')
    feed.listener('a').listed([received('a', 'x')], 1)
    feed.listener('a').listed([received('a', 'y')], 2)
    feed.listener('b').listed([], 3)
    expect(known()).toEqual(['Service/a/y'])
  })

  test('a new list of one replaces that one alone', () => {
    const { feed, known } = feedOf('a', 'b')
    feed.listener('a').listed([received('a', 'x'), received('a', 'y')], 1)
    feed.listener('b').listed([received('b', 'z')], 2)
    feed.listener('a').listed([received('a', 'y')], 3)
    expect(known()).toEqual(['Service/a/y', 'Service/b/z'])
  })

  test('one that is refused costs the other nothing, until it is listed', () => {
    const { feed, state, known } = feedOf('a', 'b')
    feed.listener('b').refused('403: no', 1)
    expect(feed.waiting).toBe(true)
    feed.listener('a').listed([received('a', 'x')], 2)
    expect(feed.waiting).toBe(false)
    expect(state().status).toBe('synced')
    expect(state().refusedIn.toObject()).toEqual({ b: '403: no' })
    feed.listener('b').listed([received('b', 'z')], 3)
    expect(state().refusedIn.size).toBe(0)
    expect(known()).toEqual(['Service/a/x', 'Service/b/z'])
  })

  test('all that are refused are one refusal of the kind', () => {
    const { feed, state } = feedOf('a', 'b')
    feed.listener('a').refused('403: no', 1)
    feed.listener('b').refused('403: no', 2)
    expect(state().status).toBe('refused')
  })
})
