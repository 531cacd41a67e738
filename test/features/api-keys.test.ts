// The life of api keys on a running gateway: they come and go with their objects, the private key is renewed without a
// restart, what cannot be decrypted is said, and no upstream ever sees one.

import { generateKeyPairSync } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { encryptKey } from '../../src/plugins/apikey/key-cipher.ts'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { type GatewayOptions, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiKey, apiKeyBinding, apiProxy, type Manifest, mockTarget } from '../support/manifests.ts'
import { startUpstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const ALL = { defaultRule: { global: true } }
const BINDING = apiKeyBinding('all').key('partner', ALL).build()

function start(
  keys: Pick<KeyPair, 'file'>,
  apiKeys: readonly Manifest[],
  more: GatewayOptions = {},
): Promise<GatewayProcess> {
  return startGatewayProcess({
    ...more,
    manifests: {
      'mock.yaml': mockTarget('ok').route('/', 200, 'ok').build(),
      'proxy.yaml': apiProxy('open').at('/open').mock('ok').plugin('apikey', { bindingName: 'all' }).build(),
      'keys.yaml': apiKeys,
      'binding.yaml': BINDING,
      ...more.manifests,
    },
    flags: { 'plugins.apiKey.decryption_key_file': keys.file, ...more.flags },
  })
}

async function status(gateway: GatewayProcess, key: string): Promise<number> {
  const { status: answered } = await httpRequest(gateway.port, 'GET', '/open', { headers: { apikey: key } })
  return answered
}

const untilStatus = (gateway: GatewayProcess, key: string, expected: number) =>
  waitUntil(async () => (await status(gateway, key)) === expected, `a ${expected} for the key`)

test('a key works from the moment that its object is there until it is rotated out', async () => {
  await using keys = await keyPair()
  await using gateway = await start(keys, [])
  expect(await status(gateway, 'first')).toBe(401)
  const [first, second] = [keys.encrypted('first'), keys.encrypted('second')]
  await gateway.write('keys.yaml', apiKey('partner').revision(first).build())
  await untilStatus(gateway, 'first', 200)
  await gateway.write('keys.yaml', apiKey('partner').revision(first).revision(second).build())
  await untilStatus(gateway, 'second', 200)
  expect(await status(gateway, 'first')).toBe(200)
  await gateway.write('keys.yaml', apiKey('partner').revision(first, 'Inactive').revision(second).build())
  await untilStatus(gateway, 'first', 401)
  expect(await status(gateway, 'second')).toBe(200)
  await gateway.remove('keys.yaml')
  await untilStatus(gateway, 'second', 401)
})

describe('the private key', () => {
  test('is renewed without a restart, also as PKCS#1, and rubbish in its place leaves the former one', async () => {
    await using keys = await keyPair()
    await using gateway = await start(keys, [keys.apiKey('partner', 'before').build()])
    expect(await status(gateway, 'before')).toBe(200)
    const next = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const both = keys.apiKey('partner', 'before').revision(encryptKey('after', next.publicKey)).build()
    await gateway.write('keys.yaml', both)
    await waitUntil(
      async () => (await gateway.metrics()).includes('{state="undecryptable"} 1'),
      'a condition',
    )
    await keys.replaceBy(next.privateKey, 'pkcs1')
    await untilStatus(gateway, 'after', 200)
    expect(await status(gateway, 'before')).toBe(401)
    await rm(keys.file)
    await gateway.logLine(({ msg }) => String(msg).includes('the former one stays'))
    expect(await status(gateway, 'after')).toBe(200)
    const { status: ready, text } = await gateway.readiness()
    expect(ready).toBe(200)
    expect(text).toContain('decryption_key_unusable')
  })

  test('that is not there refuses keys, and nothing else; it is taken as soon as it is there', async () => {
    await using keys = await keyPair()
    await rm(keys.file)
    const free = apiProxy('free').at('/free').mock('ok').build()
    await using gateway = await start(keys, [keys.apiKey('partner', 'mine').build()], {
      manifests: { 'free.yaml': free },
    })
    expect((await httpRequest(gateway.port, 'GET', '/free')).status).toBe(200)
    expect(await status(gateway, 'mine')).toBe(401)
    expect((await gateway.readiness()).text).toContain('decryption_key_unusable')
    await keys.replaceBy(keys.privateKey)
    await untilStatus(gateway, 'mine', 200)
    await waitUntil(async () => !(await gateway.readiness()).text.includes('decryption_key'), 'readiness')
  })
})

test('a revision that cannot be decrypted is a condition of its ApiKey, and costs the others nothing', async () => {
  await using keys = await keyPair()
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const bad = apiKey('bad')
    .revision(encryptKey('theirs', stranger.publicKey))
    .revision('bm90aGluZyBlbmNyeXB0ZWQ=')
  await using gateway = await start(keys, [bad.build(), keys.apiKey('partner', 'mine').build()])
  expect(await status(gateway, 'mine')).toBe(200)
  const page = await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/snapshot`)
  const text = await page.text()
  expect(text).toContain('RevisionUndecryptable')
  expect(text).toContain('spec.revisions[0]; spec.revisions[1] cannot be decrypted')
  expect(await gateway.metrics()).toContain('kanali_apikey_revisions{state="undecryptable"} 2')
})

test('no upstream sees the key, under whatever name it is carried, and whatever Connection says', async () => {
  await using keys = await keyPair()
  await using upstream = await startUpstream(answers())
  const proxy = apiProxy('up')
    .at('/up')
    .toEndpoint(`http://127.0.0.1:${upstream.port}`)
    .plugin('APIKEY', { bindingName: 'all' })
  await using gateway = await start(keys, [keys.apiKey('partner', 'mineAlone').build()], {
    manifests: { 'up.yaml': proxy.build() },
    flags: { 'plugins.apiKey.header_key': 'X-My-Key' },
  })
  const headers = { 'x-mY-kEy': 'mineAlone', connection: 'x-my-key' }
  expect((await httpRequest(gateway.port, 'GET', '/up', { headers })).status).toBe(200)
  expect(JSON.stringify(upstream.requests)).not.toContain('mineAlone')
  expect((await httpRequest(gateway.port, 'GET', '/up', { headers: { apikey: 'mineAlone' } })).status).toBe(
    403,
  )
})

test('expressions that ruin other engines do not hold up anybody', async () => {
  await using keys = await keyPair()
  const evil = [
    '(x+x+)+y',
    '(a|aa)+$',
    '([a-zA-Z]+)*$',
    '(a|a?)+$',
    '(.*)*b',
    '(?:a?){90}a{90}',
    '(?:a|b)*a(?:a|b){90}c',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
  ]
  const rule = { granular: { verbs: ['PUT'] } }
  const binding = apiKeyBinding('all').key('partner', {
    subpaths: evil.map((path) => ({ path: `/${path}`, rule })),
  })
  const free = apiProxy('free').at('/free').mock('ok').build()
  await using gateway = await start(keys, [keys.apiKey('partner', 'mine').build()], {
    manifests: { 'binding.yaml': binding.build(), 'free.yaml': free },
  })
  // In half a minute, the test's own limit, an engine that backtracks would not get through one of these.
  const attacks = ['a', 'x', 'ab'].map((unit) => {
    const path = `/open/${unit.repeat(Math.floor(2000 / unit.length))}!`
    return httpRequest(gateway.port, 'GET', path, { headers: { apikey: 'mine' } })
  })
  const others = Array.from({ length: 50 }, () => httpRequest(gateway.port, 'GET', '/free'))
  expect((await Promise.all(others)).every(({ status: answered }) => answered === 200)).toBe(true)
  for (const { status: answered } of await Promise.all(attacks)) expect(answered).toBe(401)
  expect((await gateway.metrics()).match(/kanali_resource_conditions\{kind="ApiKeyBinding".*/)).toBe(null)
})
