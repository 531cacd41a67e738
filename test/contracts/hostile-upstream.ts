// Upstreams that attack: by splitting answers, by poisoning the queue of a kept connection, by lengths that overflow, by
// floods and by slowness. Each case is one request; the next one must get its own answer and nothing of the first. Run
// against both transports; where they differ, the case says what undici makes of it.

import { describe, expect, it } from 'vitest'
import type { Reason } from '../../src/errors/catalogue.ts'
import { CHUNK_EXTENSION_BYTES_MAX, CHUNK_SIZE_DIGITS_MAX } from '../../src/proxy/upstream/chunked-content.ts'
import { ANSWER_HEAD_BYTES_MAX, INFORMATIONAL_MAX } from '../../src/proxy/upstream/transport.ts'
import { beforeUpstream } from '../support/before-upstream.ts'
import { type Outcome, type TransportName } from '../support/transports.ts'
import { drips } from '../support/upstream-scripts.ts'
import { type Script } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

const OK = 'HTTP/1.1 200 Said\r\n'
const TWO = 'content-length: 2\r\n'
const CHUNKED = 'transfer-encoding: chunked\r\n'
const EVIL = 'HTTP/1.1 200 Said\r\ncontent-length: 4\r\n\r\nevil'
const MINE = 'HTTP/1.1 200 Said\r\ncontent-length: 4\r\n\r\nmine'
const chunks = (text: string) => `${OK}${CHUNKED}\r\n${text}`

/** The text that it was served, or the reason for which it was not. */
type Expected = { readonly text: string } | { readonly reason: Reason }

interface Case {
  readonly bytes: string
  readonly method?: string
  readonly expected: Expected
  /** Where it differs. */
  readonly undici?: Expected
}

const MALFORMED: Expected = { reason: 'response_malformed' }
const TOO_LARGE: Expected = { reason: 'response_header_too_large' }
const served = (text: string): Expected => ({ text })

/** A head of exactly so many bytes, in fields of moderate size. */
function headOf(bytes: number): string {
  const start = `${OK}${TWO}`
  let fields = ''
  while (start.length + fields.length + 2 + 1000 < bytes) fields += `x-a: ${'a'.repeat(493)}\r\n`
  const left = bytes - start.length - fields.length - 2
  return `${start}${fields}x-b: ${'b'.repeat(left - 7)}\r\n\r\n`
}

const CASES: Readonly<Record<string, Case>> = {
  // Queue poisoning and response splitting.
  'a second answer in the same segment': { bytes: `${OK}${TWO}\r\nok${EVIL}`, expected: served('ok') },
  'a second answer behind chunks': { bytes: chunks(`2\r\nok\r\n0\r\n\r\n${EVIL}`), expected: served('ok') },
  'a second head in the content of a HEAD': {
    method: 'HEAD',
    bytes: `${OK}content-length: ${EVIL.length}\r\n\r\n${EVIL}`,
    expected: served(''),
  },
  'a second head in the content of a 304': {
    bytes: `HTTP/1.1 304 Said\r\ncontent-length: ${EVIL.length}\r\n\r\n${EVIL}`,
    expected: served(''),
  },
  'a second head in the chunks of a 204': {
    bytes: `HTTP/1.1 204 Said\r\n${CHUNKED}\r\n${EVIL}`,
    expected: served(''),
  },
  'a smuggled head inside content of its length': {
    bytes: `${OK}content-length: ${EVIL.length}\r\n\r\n${EVIL}`,
    expected: served(EVIL),
  },
  'a smuggled head inside a chunk': {
    bytes: chunks(`${EVIL.length.toString(16)}\r\n${EVIL}\r\n0\r\n\r\n`),
    expected: served(EVIL),
  },
  'a head split by a CR in a value': { bytes: `${OK}x-a: b\r${TWO}\r\nok`, expected: MALFORMED },
  'a head split by an LF in a value': { bytes: `${OK}x-a: b\n${TWO}\r\nok`, expected: MALFORMED },
  'an empty line of LF alone': { bytes: `${OK}${TWO}\nok`, expected: MALFORMED },
  'an empty line of CR alone': { bytes: `${OK}${TWO}\rok`, expected: MALFORMED },
  'a phrase split by a CR': { bytes: `HTTP/1.1 200 Sa\rid\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a folded line': { bytes: `${OK}x-a: b\r\n\tc\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a folded length': { bytes: `${OK}content-length:\r\n 2\r\n\r\nok`, expected: MALFORMED },
  'white space before the first field': { bytes: `${OK} x-a: b\r\n${TWO}\r\nok`, expected: MALFORMED },
  // Framing.
  'a length and chunks': { bytes: `${OK}${TWO}${CHUNKED}\r\n2\r\nok\r\n0\r\n\r\n`, expected: MALFORMED },
  'chunks and a length': { bytes: `${OK}${CHUNKED}${TWO}\r\n2\r\nok\r\n0\r\n\r\n`, expected: MALFORMED },
  'two lengths': { bytes: `${OK}${TWO}content-length: 3\r\n\r\nok!`, expected: MALFORMED },
  'two lengths that agree': { bytes: `${OK}${TWO}${TWO}\r\nok`, expected: MALFORMED },
  'two lengths in a list': { bytes: `${OK}content-length: 2, 2\r\n\r\nok`, expected: MALFORMED },
  'a negative length': { bytes: `${OK}content-length: -2\r\n\r\nok`, expected: MALFORMED },
  'a signed length': { bytes: `${OK}content-length: +2\r\n\r\nok`, expected: MALFORMED },
  'a length with a dot': { bytes: `${OK}content-length: 2.0\r\n\r\nok`, expected: MALFORMED },
  'a length with an exponent': { bytes: `${OK}content-length: 2e0\r\n\r\nok`, expected: MALFORMED },
  'a length of 2^64 + 2': {
    bytes: `${OK}content-length: 18446744073709551618\r\n\r\nok`,
    expected: MALFORMED,
  },
  'a length of 2^32 + 2': {
    bytes: `${OK}content-length: 4294967298\r\n\r\nok`,
    expected: { reason: 'connection_closed_in_body' },
  },
  'a length of 2^53': {
    bytes: `${OK}content-length: 9007199254740992\r\n\r\nok`,
    expected: MALFORMED,
    undici: { reason: 'connection_closed_in_body' },
  },
  'a length of two hundred digits': {
    bytes: `${OK}content-length: ${'0'.repeat(198)}12\r\n\r\nok`,
    expected: { reason: 'connection_closed_in_body' },
  },
  'lengths that differ on a HEAD': {
    method: 'HEAD',
    bytes: `${OK}${TWO}content-length: 3\r\n\r\n`,
    expected: MALFORMED,
  },
  'chunks with a tab behind the coding': {
    bytes: `${OK}transfer-encoding: chunked\t\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    expected: served('ok'),
    // What the gateway refuses by the field's value: see response-headers.ts.
    undici: served('2\r\nok\r\n0\r\n\r\n'),
  },
  // Chunks.
  'a negative chunk size': { bytes: chunks('-2\r\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk size with 0x': { bytes: chunks('0x2\r\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk size of 2^64 + 2': { bytes: chunks('10000000000000002\r\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk size of 2^53': {
    bytes: chunks('20000000000000\r\nok'),
    expected: MALFORMED,
    undici: { reason: 'connection_closed_in_body' },
  },
  'a chunk size of 2^32 + 2': {
    bytes: chunks('100000002\r\nok\r\n0\r\n\r\n'),
    expected: { reason: 'connection_closed_in_body' },
  },
  'a chunk size of as many digits as may be': {
    bytes: chunks(`${'0'.repeat(CHUNK_SIZE_DIGITS_MAX - 1)}2\r\nok\r\n0\r\n\r\n`),
    expected: served('ok'),
  },
  'a chunk size of one digit more': {
    bytes: chunks(`${'0'.repeat(CHUNK_SIZE_DIGITS_MAX)}2\r\nok\r\n0\r\n\r\n`),
    expected: MALFORMED,
    undici: served('ok'),
  },
  'a chunk without a size': { bytes: chunks('\r\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk longer than its size': { bytes: chunks('2\r\nokay\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk that ends with LF alone': { bytes: chunks('2\r\nok\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk size that ends with LF alone': { bytes: chunks('2\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk size that ends with CR alone': { bytes: chunks('2\rok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk extension that hides an LF': { bytes: chunks('2;a=b\nc\r\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk extension with a NUL': { bytes: chunks('2;a=\0\r\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'a chunk extension without a name': { bytes: chunks('2;\r\nok\r\n0\r\n\r\n'), expected: MALFORMED },
  'chunk extensions as long as may be': {
    bytes: chunks(`2;${'a'.repeat(CHUNK_EXTENSION_BYTES_MAX - 1)}\r\nok\r\n0\r\n\r\n`),
    expected: served('ok'),
  },
  'chunk extensions that are one byte longer': {
    bytes: chunks(`2;${'a'.repeat(CHUNK_EXTENSION_BYTES_MAX)}\r\nok\r\n0\r\n\r\n`),
    expected: MALFORMED,
    undici: served('ok'),
  },
  'many chunk extensions that are too long together': {
    bytes: chunks(`${`1;${'a'.repeat(99)}\r\no\r\n`.repeat(200)}0\r\n\r\n`),
    expected: MALFORMED,
    undici: served('o'.repeat(200)),
  },
  'a length among the trailers': {
    bytes: chunks('2\r\nok\r\n0\r\ncontent-length: 9\r\n\r\n'),
    expected: MALFORMED,
  },
  'a coding among the trailers': {
    bytes: chunks(`2\r\nok\r\n0\r\n${CHUNKED}\r\n`),
    expected: MALFORMED,
    undici: served('ok'),
  },
  'a folded trailer': { bytes: chunks('2\r\nok\r\n0\r\na: b\r\n c\r\n\r\n'), expected: MALFORMED },
  'trailers without end': {
    bytes: chunks(`2\r\nok\r\n0\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`),
    expected: TOO_LARGE,
  },
  // Characters.
  'a NUL in a name': { bytes: `${OK}x-\0a: b\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a NUL in a value': { bytes: `${OK}x-a: b\0\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a DEL in a value': { bytes: `${OK}x-a: b\x7f\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a backspace in a value': { bytes: `${OK}x-a: b\b\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a name beyond ASCII': { bytes: `${OK}x-\xe9: b\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a name in quotes': { bytes: `${OK}"x": b\r\n${TWO}\r\nok`, expected: MALFORMED },
  'white space before a colon': { bytes: `${OK}content-length : 2\r\n\r\nok`, expected: MALFORMED },
  'a NUL in the phrase': {
    bytes: `HTTP/1.1 200 S\0id\r\n${TWO}\r\nok`,
    expected: MALFORMED,
    undici: served('ok'),
  },
  // Status lines.
  'two spaces before the status': { bytes: `HTTP/1.1  200 Said\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a status of four digits': { bytes: `HTTP/1.1 2000 Said\r\n${TWO}\r\nok`, expected: MALFORMED },
  'a status below 100': { bytes: `HTTP/1.1 099 Said\r\n${TWO}\r\nok`, expected: MALFORMED },
  'HTTP/0.9': { bytes: 'ok', expected: MALFORMED },
  'HTTP/2.0': { bytes: `HTTP/2.0 200 Said\r\n${TWO}\r\nok`, expected: MALFORMED, undici: served('ok') },
  'a name of the protocol in lower case': { bytes: `http/1.1 200 Said\r\n${TWO}\r\nok`, expected: MALFORMED },
  'an empty line before the status line': {
    bytes: `\r\n${OK}${TWO}\r\nok`,
    expected: MALFORMED,
    undici: served('ok'),
  },
  // Floods.
  'a head without end': { bytes: `${OK}${'x-a: b\r\n'.repeat(20_000)}`, expected: TOO_LARGE },
  'a line without end': { bytes: `${OK}x-a: ${'b'.repeat(200_000)}`, expected: TOO_LARGE },
  'a name without end': { bytes: `${OK}${'x'.repeat(200_000)}`, expected: TOO_LARGE },
  'a phrase without end': {
    bytes: `HTTP/1.1 200 ${'x'.repeat(200_000)}`,
    expected: TOO_LARGE,
    undici: { reason: 'connection_closed_in_head' },
  },
  'informational heads without end': {
    bytes: 'HTTP/1.1 103 Said\r\nx-a: b\r\n\r\n'.repeat(5000),
    expected: TOO_LARGE,
  },
  'a head as large as may be': { bytes: `${headOf(ANSWER_HEAD_BYTES_MAX)}ok`, expected: served('ok') },
  'a head of one byte more': {
    bytes: `${headOf(ANSWER_HEAD_BYTES_MAX + 1)}ok`,
    expected: TOO_LARGE,
    undici: served('ok'),
  },
  // Informational.
  'a 100 that nobody asked for': {
    bytes: `HTTP/1.1 100 Continue\r\n\r\n${OK}${TWO}\r\nok`,
    // RFC 9110 section 15.2: a client must be able to read one that it does not expect. undici is not.
    expected: served('ok'),
    undici: { reason: 'unexpected_informational' },
  },
  'a 100 with fields of an answer': {
    bytes: `HTTP/1.1 100 Continue\r\n${TWO}${CHUNKED}\r\n${OK}${TWO}\r\nok`,
    expected: MALFORMED,
  },
  'a 199 that nobody knows': { bytes: `HTTP/1.1 199 Said\r\n\r\n${OK}${TWO}\r\nok`, expected: served('ok') },
  'as many informational heads as may be': {
    bytes: `${'HTTP/1.1 103 \r\n\r\n'.repeat(INFORMATIONAL_MAX)}${OK}${TWO}\r\nok`,
    expected: served('ok'),
  },
  'one informational head more': {
    bytes: `${'HTTP/1.1 103 \r\n\r\n'.repeat(INFORMATIONAL_MAX + 1)}${OK}${TWO}\r\nok`,
    expected: TOO_LARGE,
  },
  'a 100 without end': {
    bytes: 'HTTP/1.1 100 \r\n\r\n'.repeat(5000),
    expected: TOO_LARGE,
    undici: { reason: 'unexpected_informational' },
  },
  'a 101 that nobody asked for': {
    bytes: 'HTTP/1.1 101 Said\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    expected: { reason: 'unexpected_informational' },
  },
  'content behind an informational head': {
    bytes: `HTTP/1.1 103 Said\r\n${TWO}\r\nok${OK}${TWO}\r\nok`,
    expected: MALFORMED,
  },
}

const expectedOf = (outcome: Outcome): Expected =>
  outcome.how === 'ended' || outcome.reason === undefined
    ? { text: outcome.text }
    : { reason: outcome.reason }

/** Answers `/attack` with the bytes and closes behind them, everything else well. */
function attacks(bytes: string): Script {
  return async (connection) => {
    for (;;) {
      const request = await connection.readRequest()
      if (request === undefined) return
      await connection.write(request.target === '/attack' ? bytes : MINE)
      if (request.target === '/attack') connection.fin()
    }
  }
}

/** The same, and the connection stays open for the next request. */
function attacksAndKeeps(bytes: string): Script {
  return async (connection) => {
    for (;;) {
      const request = await connection.readRequest()
      if (request === undefined) return
      await connection.write(request.target === '/attack' ? bytes : MINE)
    }
  }
}

export function describeHostileUpstream(name: TransportName): void {
  const before = (script: Script | readonly [Script, ...Script[]]) => beforeUpstream(name, script)

  describe(`before a hostile upstream, the transport ${name}`, () => {
    it.each(Object.entries(CASES))(
      'keeps to the protocol: %s',
      async (_, { bytes, method = 'GET', expected, undici }) => {
        await using here = await before(attacks(bytes))
        const outcome = await here.asked.ask({ method, path: '/attack' })
        expect(expectedOf(outcome)).toEqual(name === 'undici' ? (undici ?? expected) : expected)
        const connection = await here.upstream.connection(0)
        await waitUntil(() => connection.end !== 'open', 'the end of the connection')
        // Nothing of it reaches the next request, which goes out on a connection of its own.
        expect(await here.asked.ask({ path: '/next' })).toMatchObject({
          how: 'ended',
          status: 200,
          text: 'mine',
        })
        expect(here.upstream.requests.filter(({ target }) => target === '/attack')).toHaveLength(1)
      },
    )

    // Where undici makes something else of an answer, it may wait for the end of the connection.
    const KEPT = Object.entries(CASES).filter(
      ([, { expected, undici }]) => 'text' in expected && (name === 'socket' || undici === undefined),
    )
    it.each(KEPT)(
      'never mixes answers on a connection that stays open: %s',
      async (_, { bytes, method = 'GET' }) => {
        await using here = await before(attacksAndKeeps(bytes))
        const { text } = await here.asked.ask({ method, path: '/attack' })
        for (const path of ['/next', '/after']) {
          expect(await here.asked.ask({ path })).toMatchObject({ how: 'ended', status: 200, text: 'mine' })
        }
        // Bytes behind the answer end the connection that they came on.
        if (bytes.endsWith('evil') && text !== EVIL) {
          expect(here.upstream.connections[0]?.requests).toHaveLength(1)
        }
      },
    )

    it('does not take an answer that came on an idle connection for that to the next request', async () => {
      await using here = await before(attacksAndKeeps(MINE))
      await here.asked.ask({ path: '/attack' })
      const connection = await here.upstream.connection(0)
      await connection.write(EVIL)
      await waitUntil(() => connection.end !== 'open', 'the end of the idle connection')
      expect((await here.asked.ask({ path: '/next' })).text).toBe('mine')
      expect(connection.requests).toHaveLength(1)
    })

    it('does not use a connection again whose HEAD announced content, which may still come', async () => {
      const script: Script = async (connection) => {
        const request = await connection.readRequest()
        if (request?.method !== 'HEAD') {
          await connection.write(MINE)
          return
        }
        await connection.write(`${OK}content-length: ${EVIL.length}\r\n\r\n`)
        // Whatever comes next on this connection is answered by what belongs to the HEAD.
        if ((await connection.readHead()) !== undefined) await connection.write(EVIL)
      }
      await using here = await before(script)
      expect(await here.asked.ask({ method: 'HEAD' })).toMatchObject({ how: 'ended', status: 200 })
      expect((await here.asked.ask({ path: '/next' })).text).toBe('mine')
    })

    it('takes an answer that comes octet by octet', async () => {
      const bytes = Buffer.from(
        `HTTP/1.1 103 Said\r\nx-a: b\r\n\r\n${chunks('2;a="b"\r\nok\r\n0\r\nx-c: d\r\n\r\n')}`,
        'latin1',
      )
      await using here = await before(drips(bytes, 1, 1))
      expect(await here.asked.ask()).toMatchObject({
        how: 'ended',
        text: 'ok',
        informational: [103],
        trailers: ['x-c', 'd'],
      })
    })

    it('waits in the head, as its phase says, for what never comes', async () => {
      const script: Script = async (connection) => {
        await connection.readRequest()
        await connection.write('HTTP/1.1 200 Sa')
      }
      await using here = await before(script)
      const asking = here.asked.begin()
      await waitUntil(() => asking.call?.phase === 'head', 'the head to begin')
      asking.call?.abort()
      expect(here.asked.busy).toBe(0)
    })

    it('refuses bytes that can never become an answer without waiting for a line end', async () => {
      await using here = await before([attacksAndKeeps('\x15\x03\x03\0\x02\x02\x46'), attacksAndKeeps(MINE)])
      expect(expectedOf(await here.asked.ask({ path: '/attack' }))).toEqual(MALFORMED)
    })
  })
}
