// One request to a server that answers as no API server should: it ends, with one line that says why.

import { expect, onTestFinished, test } from 'vitest'
import type { Access } from '../../src/kube/access.ts'
import { ApiClient, statusText } from '../../src/kube/api-client.ts'
import { startFakeApiServer, status, type Step } from '../support/fake-api-server.ts'

const FAST = { headTimeoutMs: 100, bodyTimeoutMs: 100 }

async function clientOf(step: Step, access: Partial<Access> = {}): Promise<ApiClient> {
  const server = await startFakeApiServer(step)
  const client = new ApiClient(
    {
      server: server.url,
      namespace: undefined,
      credentials: () => Promise.resolve({ headers: {}, tls: {} }),
      renew: () => undefined,
      ...access,
    },
    FAST,
  )
  onTestFinished(async () => {
    await client.close()
    await server[Symbol.asyncDispose]()
  })
  return client
}

const get = { method: 'GET', path: '/' } as const

const begun =
  (code: number): Step =>
  (response) => {
    response.writeHead(code, { 'content-type': 'application/json' })
    response.write('{"kind":')
  }

test.each([
  ['never begins', () => undefined, 'Headers Timeout'],
  ['begins and stands still', begun(200), 'stood still for 100 ms'],
  ['is cut', ((response) => response.socket?.destroy()) satisfies Step, 'other side closed'],
])('an answer that %s is unreachable, with why', async (_, step, why) => {
  const client = await clientOf(step)
  expect(await client.request(get)).toEqual({ type: 'unreachable', why: expect.stringContaining(why) })
})

test('a refusal of a stream that stands still ends too', async () => {
  const client = await clientOf(begun(500))
  expect(await client.stream(get)).toMatchObject({ type: 'unreachable' })
})

test('a stream that stands still is left to its reader', async () => {
  const client = await clientOf((response) => {
    begun(200)(response, new URL('http://fake'), response.req)
    setTimeout(() => response.end('"x"}'), 3 * FAST.bodyTimeoutMs)
  })
  const opened = await client.stream(get)
  const parts: Buffer[] = []
  if (opened.type === 'stream') for await (const chunk of opened.chunks) parts.push(chunk)
  expect(Buffer.concat(parts).toString()).toBe('{"kind":"x"}')
})

test.each([
  ['no JSON', '<html>', undefined],
  ['no object', '7', 7],
])('a body that is %s is an answer all the same', async (_, text, body) => {
  const client = await clientOf((response) => response.writeHead(502).end(text))
  const answer = await client.request(get)
  expect(answer).toMatchObject({ type: 'answer', status: 502, body })
  if (answer.type === 'answer') expect(statusText(answer)).toBe('502')
})

test.each([
  ['7', 7_000],
  ['86400', 60_000],
  ['-1', 0],
  ['soon', 0],
  ['Fri, 31 Dec 1999 23:59:59 GMT', 0],
])('Retry-After: %s asks for %i ms', async (value, ms) => {
  const client = await clientOf(status(429, {}, { 'retry-after': value }))
  expect(await client.request(get)).toMatchObject({ status: 429, retryAfterMs: ms })
})

test('a 401 renews what is remembered of credentials', async () => {
  let renewed = 0
  const client = await clientOf(status(401), { renew: () => void (renewed += 1) })
  await client.request(get)
  expect(renewed).toBe(1)
})

test('credentials that cannot be had are one short line, whatever their error says', async () => {
  const message = `${'long '.repeat(1_000)}\nsecond`
  const client = await clientOf(status(200), { credentials: () => Promise.reject(new Error(message)) })
  const answer = await client.request(get)
  expect(answer).toMatchObject({ type: 'unreachable' })
  if (answer.type === 'unreachable') {
    expect(answer.why.length).toBeLessThan(600)
    expect(answer.why).not.toContain('\n')
  }
})
