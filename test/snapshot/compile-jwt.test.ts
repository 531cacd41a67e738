import { describe, expect, test } from 'vitest'
import { compileJwt } from '../../src/snapshot/compile-jwt.ts'
import { HeaderList } from '../../src/plugins/header-list.ts'
import { tokenSigner } from '../support/token-signer.ts'

const { jwk } = tokenSigner('ES256')
const INLINE = JSON.stringify({ keys: [jwk] })
const LEAST = { issuer: 'https://issuer.test', audience: 'orders', jwksURI: 'https://issuer.test/jwks' }

function detailOf(config: Record<string, string>, base: Record<string, string> = LEAST): string | undefined {
  const { failure } = compileJwt({ ...base, ...config })
  if (failure !== undefined) expect(failure.fact.reason).toBe('token_config_invalid')
  return failure?.detail
}

test('the least that a guard needs gives safe defaults', () => {
  const { guard } = compileJwt(LEAST)
  expect(guard).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    issuer: 'https://issuer.test',
    audiences: ['orders'],
    keys: { type: 'url', url: 'https://issuer.test/jwks' },
    algorithms: 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' '),
    clockSkewMs: 30_000,
    requiredClaims: [],
    scopes: [],
    claimHeaders: [],
    tokenHeader: 'authorization',
    tokenCookie: undefined,
    forwardToken: false,
  })
})

test('every field is read', () => {
  const { guard } = compileJwt({
    issuer: '*',
    audienceID: 'orders, stock',
    jwks: INLINE,
    algorithms: 'ES256',
    clockSkew: '1m30s',
    requiredClaims: 'tier=gold,email_verified=true, group=a, group=b, role, note=a\\,b=c',
    scopes: 'orders.read orders.write,stock',
    claimHeaders: 'sub=X-User,https://x.test/role=x-role',
    tokenHeader: 'X-Token',
    tokenCookie: 'Session',
    forwardToken: 'true',
  })
  expect(guard).toMatchObject({
    issuer: undefined,
    audiences: ['orders', 'stock'],
    keys: {
      type: 'inline',
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      keys: [{ algorithms: ['ES256'] }],
    },
    algorithms: ['ES256'],
    clockSkewMs: 90_000,
    requiredClaims: [
      { name: 'tier', value: 'gold' },
      { name: 'email_verified', value: 'true' },
      { name: 'group', value: 'a' },
      { name: 'group', value: 'b' },
      { name: 'role' },
      { name: 'note', value: 'a,b=c' },
    ],
    scopes: ['orders.read', 'orders.write', 'stock'],
    claimHeaders: [
      { claim: 'sub', header: 'x-user', folded: 'x-user' },
      { claim: 'https://x.test/role', header: 'x-role', folded: 'x-role' },
    ],
    tokenHeader: 'x-token',
    tokenCookie: 'Session',
    forwardToken: true,
  })
})

test('equal configurations have one id, whatever the order and spelling of their fields; others have others', () => {
  const id = (config: Record<string, string>): string | undefined => compileJwt(config).guard?.id
  const turned = Object.fromEntries(Object.entries(LEAST).toReversed())
  expect(id({ ...turned, clockSkew: '30s', jwksURI: 'HTTPS://issuer.test:443/jwks' })).toBe(id(LEAST))
  const others = [
    { audience: 'stock' },
    { issuer: 'https://issuer.test/' },
    { clockSkew: '31s' },
    { scopes: 'a' },
    { requiredClaims: 'a' },
    { jwksURI: 'https://issuer.test/keys' },
  ]
  expect(new Set([LEAST, ...others].map((config) => id({ ...LEAST, ...config }))).size).toBe(7)
})

describe('a rule that is broken is named with its field', () => {
  test.each<[config: Record<string, string>, detail: string | RegExp]>([
    [{ jwksUri: 'x' }, 'config has a field "jwksUri" that does not exist; did you mean jwksURI?'],
    [
      { requiredScopes: 'x' },
      /^config has a field "requiredScopes" that does not exist; the plugin jwt knows issuer, /,
    ],
    [{ audienceID: 'x' }, 'config.audienceID is another name of audience: set one of them'],
    [{ audience: ' ' }, 'config.audience must be 1 to 32 comma-separated texts; it is " "'],
    [{ issuer: '' }, /^config\.issuer must be text of 1 to 1000 characters/],
    [{ jwks: INLINE }, 'config.jwksURI or config.jwks must be there, and not both'],
    [{ algorithms: 'none' }, /^config\.algorithms must be .*; it is "none"$/],
    [{ algorithms: 'RS256,None' }, /^config\.algorithms must be /],
    [{ algorithms: 'rs256' }, /^config\.algorithms must be /],
    [{ algorithms: '' }, /^config\.algorithms must be /],
    [{ algorithms: 'RS256,HS256' }, /^config\.algorithms must be /],
    [{ clockSkew: '11m' }, 'config.clockSkew must be a duration from 0s to 10m; it is "11m"'],
    [{ clockSkew: '-1s' }, /^config\.clockSkew/],
    [{ clockSkew: 'soon\nx' }, 'config.clockSkew must be a duration from 0s to 10m; it is "soon\\nx"'],
    [{ requiredClaims: '=gold' }, /^config\.requiredClaims must be 1 to 32 claims, written name=value/],
    [{ scopes: 'a"b' }, /^config\.scopes must be 1 to 32 scopes/],
    [{ claimHeaders: 'sub' }, /^config\.claimHeaders must be 1 to 32 pairs claim=header/],
    [{ claimHeaders: 'sub=x user' }, /^config\.claimHeaders/],
    [{ claimHeaders: 'sub=x-user,name=X_User' }, /^config\.claimHeaders .* each header once/],
    [
      { claimHeaders: 'sub=x-token', tokenHeader: 'X-Token' },
      'config.claimHeaders names the header that carries the token',
    ],
    [{ tokenHeader: 'cookie' }, /^config\.tokenHeader must be the name of a header/],
    [{ tokenHeader: 'x token' }, /^config\.tokenHeader/],
    [{ tokenCookie: 'a;b' }, 'config.tokenCookie must be the name of a cookie; it is "a;b"'],
    [{ forwardToken: 'yes' }, 'config.forwardToken must be true or false; it is "yes"'],
    [{ allowInsecure: '1' }, 'config.allowInsecure must be true or false; it is "1"'],
  ])('%j', (config, detail) => {
    expect(detailOf(config)).toEqual(typeof detail === 'string' ? detail : expect.stringMatching(detail))
  })

  test('what must be there and is not', () => {
    expect(detailOf({}, {})).toBe('config.issuer is missing; "*" takes tokens of any issuer')
    expect(detailOf({}, { issuer: 'x' })).toBe(
      'config.audience is missing; "*" takes tokens that were made for anybody',
    )
    expect(detailOf({}, { issuer: 'x', audience: 'y' })).toBe(
      'config.jwksURI or config.jwks must be there, and not both',
    )
  })

  test('a header that belongs to the gateway or holds credentials gets no claim, in whatever spelling', () => {
    const reserved = `
      connection Content-Length host te transfer-encoding upgrade x-kanali-correlation-id authorization cookie
      proxy-authorization x-forwarded-for X_Forwarded_For forwarded via expect http2-settings keep-alive proxy-connection
      trailer traceparent tracestate`
    for (const name of reserved.trim().split(/\s+/))
      expect(detailOf({ claimHeaders: `sub=${name}` }), name).toMatch(/^config\.claimH/)
  })

  test('whatever header it accepts can be set on a request', () => {
    for (const name of ['x-user', 'user', 'x.user', 'content-type', 'from']) {
      const { guard } = compileJwt({ ...LEAST, claimHeaders: `sub=${name}` })
      const [mapped] = guard?.claimHeaders ?? []
      expect(() => new HeaderList([]).set(mapped?.header ?? '', 'v')).not.toThrow()
    }
  })
})

describe('the address of a key set', () => {
  test.each([
    'https://issuer.test/jwks?x=1',
    'http://localhost:8080/jwks',
    'http://127.1:8080/jwks',
    'http://[::1]/jwks',
  ])('may be %s', (jwksURI) => {
    expect(detailOf({ jwksURI })).toBeUndefined()
  })

  test.each([
    'http://issuer.test/jwks',
    'http://localhost.issuer.test/jwks',
    'http://127.0.0.1.issuer.test/jwks',
    'ftp://issuer.test/jwks',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
    '/jwks',
    'https://',
    'https://user:hunter2@issuer.test/jwks',
    'https://hunter2@issuer.test/jwks',
    'https://issuer.test/jwks#hunter2',
    `https://issuer.test/${'x'.repeat(2048)}`,
  ])('may not be %s, and is not shown: it may hold a password', (jwksURI) => {
    expect(detailOf({ jwksURI })).toMatch(/^config\.jwksURI must be an absolute https address.*"true"$/)
  })

  test('may be plain http where that was allowed by hand', () => {
    expect(detailOf({ jwksURI: 'http://dex.auth.svc/keys', allowInsecure: 'true' })).toBeUndefined()
  })
})

describe('keys inline', () => {
  const inline = { issuer: 'x', audience: 'y' }
  const set = (...keys: unknown[]): string => JSON.stringify({ keys })

  test.each([
    ['no JSON', '{"keys":', 'config.jwks is not JSON'],
    [
      'a key without its set',
      JSON.stringify(jwk),
      'config.jwks is not a JSON Web Key Set: an object with a list `keys`',
    ],
    [
      'a private key',
      set({ ...jwk, d: 'AAAA' }),
      'config.jwks holds what cannot be used: key 1 is a private key: it has leaked',
    ],
    ['no key', set(), /^config\.jwks has no key for any of RS256, /],
    ['a key for encryption only', set({ ...jwk, use: 'enc' }), /^config\.jwks has no key for any of /],
    [
      'a shared secret',
      set({ kty: 'oct', k: 'A'.repeat(43) }),
      'config.jwks holds what cannot be used: key 1 is a shared secret (kty oct): whoever can read it could make tokens',
    ],
  ])('%s is refused', (_what, jwks, detail) => {
    expect(detailOf({ jwks }, inline)).toEqual(
      typeof detail === 'string' ? detail : expect.stringMatching(detail),
    )
  })
})
