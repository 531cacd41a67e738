// Answers that are not HTTP/1.1 (RFC 9112): each gives one request, one explained failure, no second try, and harms
// nobody else. What is broken in the head is a 502; what breaks in the content resets the client's connection.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { answers } from '../support/upstream-scripts.ts'

const OK = 'HTTP/1.1 200 Said\r\n'
const LENGTH = 'content-length: 2\r\n'
const CHUNKED = 'transfer-encoding: chunked\r\n'

/** By a sentence's end: what the upstream sends. */
const BROKEN_HEADS: Readonly<Record<string, string>> = {
  'is plain text': 'I am no web server\r\n\r\n',
  'is the beginning of TLS': '\x15\x03\x03\x00\x02\x02\x46',
  'is the preface of HTTP/2': '\x00\x00\x12\x04\x00\x00\x00\x00\x00',
  'has a status of two digits': `HTTP/1.1 20 Said\r\n${LENGTH}\r\nok`,
  'has a status below 100': `HTTP/1.1 099 Said\r\n${LENGTH}\r\nok`,
  'has a status of letters': `HTTP/1.1 abc Said\r\n${LENGTH}\r\nok`,
  'ends its lines with LF alone': 'HTTP/1.1 200 Said\ncontent-length: 2\n\nok',
  'folds a field over two lines': `${OK}x-folded: a\r\n b\r\n${LENGTH}\r\nok`,
  'has a CR inside a field': `${OK}x-cr: a\rb\r\n${LENGTH}\r\nok`,
  'has a NUL inside a field': `${OK}x-nul: a\0b\r\n${LENGTH}\r\nok`,
  'has white space before a colon': `${OK}x-space : a\r\n${LENGTH}\r\nok`,
  'has a field without a name': `${OK}: a\r\n${LENGTH}\r\nok`,
  'has a line without a colon': `${OK}no colon here\r\n${LENGTH}\r\nok`,
  'has a negative length': `${OK}content-length: -2\r\n\r\nok`,
  'has a signed length': `${OK}content-length: +2\r\n\r\nok`,
  'has a length in hexadecimal': `${OK}content-length: 0x2\r\n\r\nok`,
  'has an empty length': `${OK}content-length:\r\n\r\nok`,
  'has a length above 2^64': `${OK}content-length: 18446744073709551618\r\n\r\nok`,
  'has a length of thirty digits': `${OK}content-length: ${'9'.repeat(30)}\r\n\r\nok`,
  'has a list of lengths': `${OK}content-length: 2, 2\r\n\r\nok`,
  'has two lengths that differ': `${OK}${LENGTH}content-length: 3\r\n\r\nok!`,
  'has two lengths that are equal': `${OK}${LENGTH}${LENGTH}\r\nok`,
  'has a length before chunks': `${OK}${LENGTH}${CHUNKED}\r\n2\r\nok\r\n0\r\n\r\n`,
  'has a length behind chunks': `${OK}${CHUNKED}${LENGTH}\r\n2\r\nok\r\n0\r\n\r\n`,
}

const chunks = (text: string) => `${OK}${CHUNKED}\r\n2\r\nok\r\n${text}`

const BROKEN_CONTENTS: Readonly<Record<string, string>> = {
  'has a chunk size of letters': chunks('zz\r\nok\r\n0\r\n\r\n'),
  'has a negative chunk size': chunks('-2\r\nok\r\n0\r\n\r\n'),
  'has a chunk size above 2^64': chunks('fffffffffffffffff\r\nok'),
  'has white space behind a chunk size': chunks('2 \r\nok\r\n0\r\n\r\n'),
  'has a chunk that is longer than its size': chunks('2\r\nokay\r\n0\r\n\r\n'),
  'ends a chunk size with LF alone': chunks('2\nok\r\n0\r\n\r\n'),
  'has a length among the trailers': chunks('0\r\ncontent-length: 9\r\n\r\n'),
  'has a trailer without a colon': chunks('0\r\nno colon here\r\n\r\n'),
}

const NAMES = [...Object.keys(BROKEN_HEADS), ...Object.keys(BROKEN_CONTENTS)]
const BYTES: Readonly<Record<string, string>> = { ...BROKEN_HEADS, ...BROKEN_CONTENTS }
const pathOf = (name: string): string => `/broken/${NAMES.indexOf(name)}`

let world: FaultyWorld

beforeAll(async () => {
  world = await startFaultyWorld({
    broken: answers(({ target }) => BYTES[NAMES[Number(target.slice(1))] ?? ''] ?? ''),
  })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await world.expectUnharmed()
})

function expectOneTry(name: string): void {
  const target = `/${NAMES.indexOf(name)}`
  const tries = world.upstream('broken').requests.filter((request) => request.target === target)
  expect(tries).toHaveLength(1)
}

describe('an answer whose head', () => {
  it.each(Object.keys(BROKEN_HEADS))('%s is refused, and explained', async (name) => {
    const { status, text } = await httpRequest(world.gateway.port, 'GET', pathOf(name))
    expect(status).toBe(502)
    expect(JSON.parse(text)).toMatchObject({ status: 502, code: 8 })
    expect(await world.line(pathOf(name))).toMatchObject({
      status: 502,
      code: '08',
      reason: 'response_malformed',
      outcome: 'error',
    })
    expectOneTry(name)
  })
})

describe('an answer whose content', () => {
  it.each(Object.keys(BROKEN_CONTENTS))('%s is cut for the client too, never ended', async (name) => {
    await using client = await connectHttp(world.gateway.port)
    // All in one piece: the fault can be there before the head has gone out, which then is still a 502.
    const response = await client.request('GET', pathOf(name))
    expect(response.status === 502 || !response.complete).toBe(true)
    expect(await world.line(pathOf(name))).toMatchObject({
      status: response.status,
      code: '08',
      reason: 'response_malformed',
      outcome: 'error',
    })
    expectOneTry(name)
  })
})
