import { describe, expect, test } from 'vitest'
import type { KeySets, KeySetsOptions } from '../../../src/plugins/jwt/key-sets.ts'
import { KeySet } from '../../../src/plugins/jwt/key-set.ts'
import type { KeySetFact } from '../../../src/plugins/jwt/remote-key-set.ts'
import { TokenVerifier } from '../../../src/plugins/jwt/token-verifier.ts'
import type { JwtGuard } from '../../../src/snapshot/compile-jwt.ts'
import { fails, Issuer, publishes } from '../../support/issuer.ts'
import { bearer, CLAIMS, jwtGuard, keySets, NOW_MS, reasonOf } from '../../support/jwt-guard.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { tokenSigner } from '../../support/token-signer.ts'
import { waitUntil } from '../../support/wait-until.ts'

const first = tokenSigner('ES256', 'first')
const second = tokenSigner('ES256', 'second')
const HOUR_MS = 3_600_000

interface World extends AsyncDisposable {
  readonly issuer: Issuer
  readonly sets: KeySets
  readonly facts: KeySetFact[]
  readonly clock: ManualClock
  readonly guard: JwtGuard
  /** The outcome of a request with that token. */
  outcome(token: string): Promise<string>
  /** The next fact, when its fetch has ended. */
  fact(count: number): Promise<KeySetFact>
}

async function world(answer = publishes([first.jwk]), options: Partial<KeySetsOptions> = {}): Promise<World> {
  const issuer = await Issuer.start(answer)
  const clock = new ManualClock()
  const { sets, facts } = keySets({ clock, staleLimitMs: HOUR_MS, ...options })
  const guard = jwtGuard({ jwksURI: issuer.url })
  const verifier = new TokenVerifier(sets)
  sets.retain([issuer.url])
  return {
    issuer,
    sets,
    facts,
    clock,
    guard,
    outcome: async (token) => reasonOf(await verifier.verify(guard, bearer(token), NOW_MS)),
    fact: (count) => waitUntil(() => facts[count - 1], `${count} facts`),
    async [Symbol.asyncDispose]() {
      sets.stop()
      await issuer[Symbol.asyncDispose]()
    },
  }
}

describe('a key set', () => {
  test('is fetched when it is named, before any request, and told as a fact', async () => {
    await using w = await world()
    expect(await w.fact(1)).toEqual({
      url: w.issuer.url,
      state: 'loaded',
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      keys: 1,
    })
    expect(await w.outcome(first.token(CLAIMS))).toBe('pass')
    expect(w.issuer.asked).toBe(1)
  })

  test('is fetched once for however many routes', async () => {
    await using w = await world()
    for (let count = 0; count < 50; count += 1) w.sets.retain([w.issuer.url, w.issuer.url])
    await w.fact(1)
    expect([w.issuer.asked, w.sets.size]).toEqual([1, 1])
  })

  test('with rubbish in it gives the keys that can be used, and says what cannot', async () => {
    const { d } = first.privateKey.export({ format: 'jwk' })
    const leaked = { ...second.jwk, d }
    await using w = await world(publishes([null, leaked, { kty: 'oct', k: 'AAAA' }, {}, [], first.jwk]))
    expect(await w.fact(1)).toMatchObject({
      state: 'loaded',
      keys: 1,
      detail:
        'key 1 is no object; key 2 is a private key: it has leaked; key 3 is a shared secret (kty oct): whoever can read it could make tokens; and 2 more',
    })
    expect(await w.outcome(first.token(CLAIMS))).toBe('pass')
    expect(await w.outcome(second.token(CLAIMS))).toBe('token_key_unknown')
  })

  test('with one name for several keys tries each of them, up to four', async () => {
    const twins = ['a', 'b', 'c'].map(() => tokenSigner('ES256', 'same'))
    await using w = await world(publishes(twins.map(({ jwk }) => jwk)))
    await w.fact(1)
    for (const twin of twins) expect(await w.outcome(twin.token(CLAIMS))).toBe('pass')
    expect(await w.outcome(tokenSigner('ES256', 'same').token(CLAIMS))).toBe('token_signature_invalid')
    w.issuer.answer = publishes([...twins, ...twins].map(({ jwk }) => jwk))
    w.clock.advance(600_000)
    await w.fact(2)
    expect(await w.outcome(twins[0]?.token(CLAIMS) ?? '')).toBe('token_key_unknown')
  })

  test('with a point that is not on its curve has no such key', async () => {
    const off = { ...first.jwk, y: second.jwk['x'] }
    await using w = await world(publishes([off]))
    expect(await w.fact(1)).toMatchObject({ state: 'loaded', keys: 1 })
    expect(await w.outcome(first.token(CLAIMS))).toBe('token_key_unknown')
  })

  test('without keys takes all of them back', async () => {
    await using w = await world()
    await w.fact(1)
    const token = first.token(CLAIMS)
    expect(await w.outcome(token)).toBe('pass')
    w.issuer.answer = publishes([])
    w.clock.advance(600_000)
    expect(await w.fact(2)).toMatchObject({ state: 'loaded', keys: 0 })
    expect(await w.outcome(token)).toBe('token_key_unknown')
  })
})

describe('rotation', () => {
  test('is picked up in the background, and a key that was taken back is refused at once', async () => {
    await using w = await world()
    await w.fact(1)
    const token = first.token(CLAIMS)
    expect(await w.outcome(token)).toBe('pass')
    w.issuer.answer = publishes([second.jwk])
    w.clock.advance(600_000)
    await w.fact(2)
    expect(await w.outcome(second.token(CLAIMS))).toBe('pass')
    expect(await w.outcome(token)).toBe('token_key_unknown')
  })

  test('is picked up by a token with the new name, while the old one stays good', async () => {
    await using w = await world()
    await w.fact(1)
    w.issuer.answer = publishes([first.jwk, second.jwk])
    w.clock.advance(30_000)
    const outcomes = await Promise.all(
      [second, second, first].map((signer) => w.outcome(signer.token(CLAIMS))),
    )
    expect(outcomes).toEqual(['pass', 'pass', 'pass'])
    expect(w.issuer.asked).toBe(2)
  })

  test('without names of keys is picked up by a signature that fits none', async () => {
    const { kid: _kid, ...nameless } = first.jwk
    const { kid: _other, ...newer } = second.jwk
    await using w = await world(publishes([nameless]))
    await w.fact(1)
    w.issuer.answer = publishes([newer])
    w.clock.advance(30_000)
    expect(await w.outcome(second.token(CLAIMS, { kid: undefined }))).toBe('pass')
  })

  test('a storm of unknown names asks the issuer once in 30 seconds', async () => {
    await using w = await world()
    await w.fact(1)
    const storm = async (): Promise<void> => {
      const tokens = Array.from({ length: 200 }, (_, index) =>
        first.token(CLAIMS, { kid: `unknown-${index}` }),
      )
      const outcomes = await Promise.all(tokens.map((token) => w.outcome(token)))
      expect(new Set(outcomes)).toEqual(new Set(['token_key_unknown']))
    }
    await storm()
    expect(w.issuer.asked).toBe(1)
    w.clock.advance(29_999)
    await storm()
    expect(w.issuer.asked).toBe(1)
    w.clock.advance(1)
    await storm()
    await storm()
    expect(w.issuer.asked).toBe(2)
  })
})

describe('while the issuer is down', () => {
  test('the last good set is used up to the limit, then tokens are refused, then it comes back', async () => {
    await using w = await world()
    await w.fact(1)
    w.issuer.answer = fails()
    const token = first.token(CLAIMS)
    for (let minutes = 0; minutes < 60; minutes += 1) {
      expect(await w.outcome(token)).toBe('pass')
      const before = w.facts.length
      const due = w.clock.pendingMs()[0] ?? 0
      w.clock.advance(60_000)
      if (due <= 60_000) await w.fact(before + 1)
    }
    expect(await w.outcome(token)).toBe('pass')
    w.clock.advance(1)
    expect(await w.outcome(token)).toBe('key_set_unavailable')
    const failure = w.sets.current(w.guard.keys)
    expect(failure).toMatchObject({
      detail: expect.stringMatching(/: it answered 503; the last one is 3600 s old, and used for 3600 s$/),
    })
    w.issuer.answer = publishes([first.jwk])
    const before = w.facts.length
    w.clock.advance(60_000)
    await waitUntil(
      () => w.facts.slice(before).some(({ state }) => state === 'loaded'),
      'the set to come back',
    )
    expect(await w.outcome(token)).toBe('pass')
  })

  test('it is asked again after 1, 2, 4 and at last every 60 seconds', async () => {
    await using w = await world(fails())
    const waits: number[] = []
    for (let count = 1; count <= 9; count += 1) {
      await w.fact(count)
      const [wait = 0] = w.clock.pendingMs()
      waits.push(wait / 1000)
      w.clock.advance(wait)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  test('that hangs, no request waits longer than the fetch may take, and known keys are used without waiting', async () => {
    await using w = await world(() => undefined, { fetchTimeoutMs: 50 })
    expect(await w.outcome(first.token(CLAIMS))).toBe('key_set_unavailable')
    expect(await w.fact(1)).toEqual({
      url: w.issuer.url,
      state: 'failed',
      detail: 'it did not answer within 50 ms',
    })
    w.issuer.answer = publishes([first.jwk])
    w.clock.advance(1000)
    expect(await w.fact(2)).toMatchObject({ state: 'loaded' })
    w.issuer.answer = () => undefined
    w.clock.advance(30_000)
    const unknown = w.outcome(second.token(CLAIMS))
    expect(await w.outcome(first.token(CLAIMS))).toBe('pass')
    expect(w.facts).toHaveLength(2)
    expect(await unknown).toBe('token_key_unknown')
    expect(w.facts).toHaveLength(3)
  })

  test('a set that was never there fails at once, without waiting or asking', async () => {
    await using w = await world(fails(500))
    await w.fact(1)
    expect(w.sets.current(w.guard.keys)).toMatchObject({
      fact: { reason: 'key_set_unavailable' },
      detail: `the key set ${w.issuer.url}: it answered 500`,
    })
    expect(await w.outcome(first.token(CLAIMS))).toBe('key_set_unavailable')
    expect(w.issuer.asked).toBe(1)
  })
})

describe('how long a set is used', () => {
  test.each<[headers: Record<string, string>, seconds: number]>([
    [{}, 600],
    [{ 'cache-control': 'public, max-age=3600, must-revalidate' }, 3600],
    [{ 'cache-control': 'max-age=3600', age: '600' }, 3000],
    [{ 'cache-control': 'max-age=5' }, 30],
    [{ 'cache-control': 'no-store' }, 30],
    [{ 'cache-control': 'max-age=9999999' }, 86_400],
    [{ 'cache-control': 's-maxage=5, x-max-age=7' }, 600],
  ])('%j is %d seconds', async (headers, seconds) => {
    await using w = await world(publishes([first.jwk], headers))
    await w.fact(1)
    expect(w.clock.pendingMs()).toEqual([seconds * 1000])
  })
})

describe('the number of sets', () => {
  test('is bounded: those known stay, one more is refused and says so, and takes a place that becomes free', async () => {
    await using w = await world(undefined, { most: 1 })
    await w.fact(1)
    const other = `${w.issuer.url}?other`
    w.sets.retain([other, w.issuer.url])
    w.sets.retain([other, w.issuer.url])
    const detail = 'routes name more than 1 key sets, and it is not among the first'
    expect(w.facts.slice(1)).toEqual([{ url: other, state: 'failed', detail }])
    const keys = { type: 'url', url: other } as const
    expect(w.sets.current(keys)).toMatchObject({ detail: `the key set ${other}: ${detail}` })
    w.sets.retain([other])
    await w.fact(3)
    expect(w.sets.current(keys)).toBeInstanceOf(KeySet)
  })

  test('a set that no route names is forgotten, with its timer', async () => {
    await using w = await world()
    await w.fact(1)
    w.sets.retain([])
    expect([w.sets.size, w.clock.pendingMs()]).toEqual([0, []])
    expect(await w.outcome(first.token(CLAIMS))).toBe('key_set_unavailable')
  })

  test('after the stop nothing is asked any more, and a fetch on its way ends', async () => {
    const { promise: closed, resolve: onClose } = Promise.withResolvers<void>()
    await using w = await world((_request, response) => {
      response.on('close', onClose)
    })
    await waitUntil(() => w.issuer.asked === 1, 'the fetch')
    const waiting = w.outcome(first.token(CLAIMS))
    w.sets.stop()
    await closed
    expect(await waiting).toBe('key_set_unavailable')
    w.sets.retain([`${w.issuer.url}?other`])
    expect([w.clock.pendingMs(), w.facts, w.issuer.asked]).toEqual([[], [], 1])
  })
})
