import { expect, test } from 'vitest'
import { hostPort, REDIS_ADDRESS } from '../../src/config/value-rules.ts'
import { loaded, problemOf } from './loading.ts'

const SECRET = 'pw-5ecre7'

test.each(['redis://127.0.0.1', 'rediss://user:pw%40x@redis.example.com:6380/15', 'redis://:pw@[::1]:6379/'])(
  '%s is the address of a Redis',
  (address) => {
    expect(REDIS_ADDRESS.parse(address)).toEqual({ value: address })
  },
)

test.each([
  `http://:${SECRET}@redis.example.com`,
  `redis://:${SECRET}@redis.example.com/zero`,
  `redis://:${SECRET}@redis.example.com?db=1`,
  `redis://:${SECRET}@redis.example.com#1`,
  `redis://:${SECRET}%ff@redis.example.com`,
  `redis://:${SECRET}@`,
  `redis:/${SECRET}`,
  SECRET,
])('%s is none, and a password in it is not shown', (address) => {
  const shown = [
    problemOf({ argv: [`--limits.redis_url=${address}`] }),
    problemOf({ env: { KANALI_LIMITS_REDIS_URL: address } }),
    problemOf({
      argv: ['--config', 'k.json'],
      files: { 'k.json': JSON.stringify({ 'limits.redis_url': address }) },
    }),
  ]
  for (const line of shown) {
    expect(line).toContain('limits.redis_url: what is given from')
    expect(line).not.toContain(SECRET)
  }
})

test('a file that does not parse shows nothing of an address in it', () => {
  const text = `{"limits.redis_url": redis://:${SECRET}@a}`
  const line = problemOf({ argv: ['--config', 'k.json'], files: { 'k.json': text } })
  expect(line).toContain('does not parse')
  expect(line).not.toContain('redis')
})

test.each([
  ['sentinel-0', 'sentinel-0'],
  ['Sentinel-0:26379', 'sentinel-0:26379'],
  ['10.0.0.1:1', '10.0.0.1:1'],
  ['[2001:DB8::1]:26379', '[2001:db8::1]:26379'],
  ['[2001:db8::1]', '[2001:db8::1]'],
  ['sentinel:0', undefined],
  ['sentinel:65536', undefined],
  ['sentinel:port', undefined],
  ['', undefined],
  ['a b', undefined],
])('%j as host and port is %j', (written, value) => {
  expect(hostPort(written)).toBe(value)
})

test('a password file or Sentinels without an address are refused: a store was meant', () => {
  expect(problemOf({ argv: ['--limits.redis_sentinels=a:1'] })).toBe(
    'limits.redis_sentinels: what is given by flag --limits.redis_sentinels needs limits.redis_url, which is not set; allowed: both, or neither',
  )
  expect(problemOf({ env: { KANALI_LIMITS_REDIS_PASSWORD_FILE: '/a' } })).toContain('needs limits.redis_url')
  expect(
    loaded({ argv: ['--limits.redis_url=redis://a', '--limits.redis_sentinels=a:1'] }).options,
  ).toMatchObject({
    'limits.redis_sentinels': ['a:1'],
  })
})
