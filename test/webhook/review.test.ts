// What the webhook says of an object, given what is known.

import { describe, expect, test } from 'vitest'
import { type Known, review } from '../../src/webhook/review.ts'
import { build } from '../../src/snapshot/build.ts'
import { apiProxy, type Manifest, mockTarget, resourceOf } from '../support/manifests.ts'
import { optionsWith, stateOf } from '../support/world.ts'

const OLD = '2026-01-01T00:00:00Z'
const options = optionsWith({})
const there = (name: string, path: string, namespace = 'shop') =>
  apiProxy(name).inNamespace(namespace).at(path).created(OLD).mock('canned')
const CANNED = mockTarget('canned').inNamespace('shop').route('/', 200, 'x')

function known(...builders: Parameters<typeof resourceOf>[0][]): Known {
  const state = stateOf(...builders.map((builder) => resourceOf(builder)), resourceOf(CANNED))
  return { state, snapshot: build(state, options), options }
}

interface Asked {
  readonly operation?: string
  readonly object: Manifest
  readonly oldObject?: Manifest
}

function ask({ operation = 'CREATE', object, oldObject }: Asked, world: Known | undefined) {
  const request = {
    uid: 'u',
    kind: { group: 'kanali.io', version: 'v2', kind: object['kind'] },
    operation,
    namespace: 'shop',
    object,
    oldObject: oldObject ?? null,
  }
  return review({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }, world)
}

describe('a new ApiProxy', () => {
  test('at a place of its own is let through', () => {
    expect(ask({ object: there('new', '/b').build() }, known(there('a', '/a')))).toEqual({
      uid: 'u',
      allowed: true,
    })
  })

  test('at a place that is taken is refused, and the other is named', () => {
    const answer = ask({ object: there('new', '//a/').build() }, known(there('a', '/a')))
    expect(answer).toMatchObject({
      allowed: false,
      status: { code: 409, message: expect.stringContaining('is taken by ApiProxy shop/a') },
    })
  })

  test('is refused there even where a build would let it win: by an older time, or by its name', () => {
    const older = apiProxy('0')
      .inNamespace('shop')
      .at('/a')
      .created('2020-01-01T00:00:00Z')
      .mock('canned')
      .build()
    expect(ask({ object: older }, known(there('a', '/a')))).toMatchObject({ allowed: false })
  })

  test('without a name yet is judged too', () => {
    const object = there('new', '/a')
      .patched('metadata.name', undefined)
      .patched('metadata.generateName', 'new-')
      .build()
    expect(ask({ object }, known(there('a', '/a')))).toMatchObject({ allowed: false })
  })

  test('that breaks a rule is refused with field, value and rule', () => {
    const object = there('new', '/b').patched('spec.target.backend', { endpoint: 'ftp://x' }).build()
    expect(ask({ object }, known())).toMatchObject({
      allowed: false,
      status: { code: 422, message: expect.stringContaining('spec.target.backend.endpoint') },
    })
  })

  test('whose reference is missing is let through with the code that its requests will get', () => {
    const object = apiProxy('new').inNamespace('shop').at('/b').mock('missing').build()
    expect(ask({ object }, known())).toEqual({
      uid: 'u',
      allowed: true,
      warnings: ['requests are answered with code 02: MockTarget shop/missing does not exist'],
    })
  })

  test('beside a host-less one is let through with a warning', () => {
    const object = there('new', '/a').host('one.example').build()
    expect(ask({ object }, known(there('a', '/a')))).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('serves all other hosts there')],
    })
  })

  test('that takes requests from another namespace is let through with a warning, or refused where that is denied', () => {
    const object = there('new', '/a/b').build()
    const world = known(there('a', '/a', 'theirs'))
    expect(ask({ object }, world)).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('ApiProxy theirs/a of another namespace')],
    })
    const strict = optionsWith({ 'routing.cross_namespace': 'deny' })
    expect(ask({ object }, { ...world, options: strict })).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining('CrossNamespace') },
    })
  })
})

describe('a change', () => {
  const update = (object: Manifest, oldObject: Manifest, world: Known) =>
    ask({ operation: 'UPDATE', object, oldObject }, world)

  test('to a place that is taken is refused, however old the ApiProxy is', () => {
    const moved = apiProxy('old').inNamespace('shop').created('2020-01-01T00:00:00Z').mock('canned')
    const world = known(there('a', '/a'), moved.at('/old'))
    const before = moved.build()
    expect(update(moved.at('/a').build(), before, world)).toMatchObject({ allowed: false })
  })

  test('of the backend at its own place is let through', () => {
    const before = there('a', '/a').build()
    const after = apiProxy('a').inNamespace('shop').at('/a').created(OLD).toEndpoint('http://x').build()
    expect(update(after, before, known(there('a', '/a')))).toEqual({ uid: 'u', allowed: true })
  })

  test('that leaves the spec as it is is let through whatever is wrong with it', () => {
    const broken = there('b', '/a').patched('spec.target.backend', {}).build()
    const labelled = { ...broken, metadata: { ...(broken['metadata'] as object), labels: { a: 'b' } } }
    expect(update(labelled, broken, known(there('a', '/a')))).toEqual({ uid: 'u', allowed: true })
  })
})

test('an invalid object of any other kind is refused', () => {
  const object = mockTarget('m').inNamespace('shop').route('/', 200).patched('spec.routes', 'none').build()
  expect(ask({ object }, known())).toMatchObject({ allowed: false, status: { code: 422 } })
})

test('whatever is not looked at is let through, with a word where nothing is known yet', () => {
  expect(ask({ operation: 'DELETE', object: there('a', '/a').build() }, known())).toEqual({
    uid: 'u',
    allowed: true,
  })
  expect(ask({ object: there('a', '/a').build() }, undefined)).toMatchObject({
    allowed: true,
    warnings: [expect.stringContaining('has not heard the API server out')],
  })
})

test.each([[null], ['x'], [{}], [{ request: {} }], [{ request: { uid: 7 } }], [[]]])(
  '%j is no AdmissionReview',
  (body) => {
    expect(review(body, known())).toBeUndefined()
  },
)

test('a warning is printable and short, whatever an object holds', () => {
  const object = there('new', '/b').build()
  const evil = {
    ...object,
    spec: {
      ...(object['spec'] as object),
      target: { backend: { mock: { mockTargetName: `${'m'.repeat(60)}.`.repeat(4).concat('m') } } },
    },
  }
  const answer = ask({ object: evil }, known())
  expect(answer?.allowed).toBe(true)
  for (const warning of answer?.warnings ?? []) expect(warning).toMatch(/^[ -~]{1,240}$/)
  expect(answer?.warnings).toHaveLength(1)
})
