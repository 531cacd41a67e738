// Both transports on the same bytes, mutated and cut at random places: where both take an answer it is the same answer,
// and where one refuses the other does. What they do not agree on is in the table, each with the section that says why.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { responseHead } from '../../src/proxy/response-headers.ts'
import { answerText, cuts, piecesOf } from '../support/mutated-answers.ts'
import { transportWorld, type Outcome, type TransportWorld } from '../support/transports.ts'
import { startUpstream, type Script, type Upstream } from '../support/upstream.ts'

/**
 * A long search for what nobody has thought of: FUZZ_RUNS=100000 npx vitest run FILE, other bytes each time. Every other run
 * is of the same bytes: what a search finds goes into the table, and is no surprise to somebody who changed something else.
 */
const SEARCH = process.env['FUZZ_RUNS']
const RUNS = Number(SEARCH ?? 1500)
const SEED = 20261125

interface Seen {
  /** As the gateway would see it: a coding that it cannot frame is refused whatever the transport makes of it. */
  readonly how: 'ended' | 'no head' | 'cut' | 'unframeable'
  readonly outcome: Outcome
}

interface Difference {
  /** RFC section and what it says. */
  readonly why: string
  /** The one that comes further with the answer, or makes something else of it. */
  readonly lenient: 'undici' | 'socket' | 'either'
  /** True for answers to which it applies; `said` is the fault that the other one found. */
  readonly applies: (text: string, said: string) => boolean
}

const DIFFERENCES: readonly Difference[] = [
  {
    why: 'RFC 9112 section 4: a phrase has tabs, spaces, visible and obs-text octets only',
    lenient: 'undici',
    applies: (text) => /HTTP\/1\.\d \d{3} ?[^\r\n]*[^\t\r\n -~\x80-\xff]/.test(text),
  },
  {
    why: 'RFC 9112 section 2.2: a CR alone ends no line; undici goes on behind it as if the status line were over',
    lenient: 'undici',
    applies: (text) => /HTTP\/1\.\d \d{3}[^\r\n]*\r(?!\n)/.test(text),
  },
  {
    why: 'RFC 9112 section 2.2: empty lines are passed over before a request only, not before an answer',
    lenient: 'undici',
    applies: (text) => /(?:^|\r\n\r\n)[\r\n]/.test(text),
  },
  {
    why: 'RFC 9112 section 2.3: HTTP/0.9 and HTTP/2.0 are other protocols',
    lenient: 'undici',
    applies: (text) => /HTTP\/(?:0\.9|2\.0)/.test(text),
  },
  {
    why: 'RFC 9110 section 8.6: a length that cannot be counted to exactly is no length',
    lenient: 'undici',
    applies: (text) => /content-length:[\t ]*\d{16,}/i.test(text),
  },
  {
    why: 'RFC 9112 section 7.1.1: the grammar of chunk extensions',
    lenient: 'undici',
    applies: (_, said) => said.includes('chunk extension is not well-formed'),
  },
  {
    why: 'RFC 9110 section 6.5.1: fields about framing are no trailers; undici gives on a transfer-encoding among them',
    lenient: 'undici',
    applies: (_, said) => said.includes('a trailer is about framing'),
  },
  {
    why: 'RFC 9110 section 5.5: tabs around a value are no part of it, so the coding is chunked; undici reads it as none, which the gateway refuses',
    lenient: 'either',
    applies: (text) => /transfer-encoding:[^\r\n]*\t/i.test(text),
  },
  {
    why: 'RFC 9110 section 5.5: nor are they part of a length; undici takes it for another than that of the content',
    lenient: 'socket',
    applies: (text) => /content-length:[^\r\n]*(?:\t| \r)/i.test(text),
  },
  {
    why: 'RFC 9110 section 2.5: a higher minor version is read like the highest that is known',
    lenient: 'socket',
    applies: (text) => /HTTP\/1\.[2-9]/.test(text),
  },
  {
    why: 'RFC 9112 section 7.1.1: white space around the parts of a chunk extension is bad, and to be read',
    lenient: 'socket',
    applies: (text, said) => said.includes('chunk') && /[\t ][;=]|[;=][\t ]/.test(text),
  },
  {
    why: 'RFC 9110 section 15.2: a client must be able to read a 100 that it did not ask for; undici fails on it',
    lenient: 'socket',
    applies: (text, said) => /HTTP\/1\.\d 100/.test(text) && said.includes('bad response'),
  },
  {
    why: 'RFC 9112 section 9.6: the answer that ends a connection is the final one, not an informational one',
    lenient: 'socket',
    applies: (_, said) => said.includes('Data after `Connection: close`'),
  },
]

let pieces: readonly Buffer[] = []
let upstream: Upstream
const worlds: Record<'undici' | 'socket', TransportWorld | undefined> = {
  undici: undefined,
  socket: undefined,
}

const script: Script = async (connection) => {
  if ((await connection.readRequest()) === undefined) return
  for (const piece of pieces) {
    await connection.write(piece)
    // Another turn of the loop, so that the pieces are mostly read one by one.
    await new Promise((resolve) => setImmediate(resolve))
  }
  connection.fin()
}

beforeAll(async () => {
  upstream = await startUpstream(script)
  worlds.undici = await transportWorld('undici', upstream.port)
  worlds.socket = await transportWorld('socket', upstream.port)
})

afterAll(async () => {
  await worlds.undici?.transport.close()
  await worlds.socket?.transport.close()
  await upstream?.stop()
})

async function seenBy(name: 'undici' | 'socket', method: string): Promise<Seen> {
  // POST is never sent again: each case is one request on a connection of its own.
  const asking = worlds[name]?.begin({ method })
  if (asking === undefined) throw new Error(`no transport ${name}`)
  const outcome = await asking.outcome
  const hasHead = outcome.status >= 200
  if (hasHead && responseHead(outcome.rawHeaders, '1.1', false).unframeable)
    return { how: 'unframeable', outcome }
  if (outcome.how === 'ended') return { how: 'ended', outcome }
  return { how: hasHead ? 'cut' : 'no head', outcome }
}

/**
 * What is compared. The phrase is not, which undici loses where it comes in two pieces; tabs around a value are not,
 * which undici leaves there (they are no part of it: RFC 9110 section 5.5).
 */
function comparable({ how, outcome }: Seen) {
  const { status, informational, text } = outcome
  const rawHeaders = outcome.rawHeaders.map(trimmed)
  if (how === 'ended') {
    return { how, status, rawHeaders, informational, text, trailers: outcome.trailers.map(trimmed) }
  }
  return how === 'no head' ? { how } : { how, status, rawHeaders }
}

function trimmed(value: string): string {
  return value.replaceAll(/^[\t ]+|[\t ]+$/g, '')
}

function disagreementOf(undici: Seen, socket: Seen): Error | undefined {
  try {
    expect(comparable(socket)).toEqual(comparable(undici))
    return undefined
  } catch (cause) {
    const said = (name: string, { how, outcome }: Seen) => `${name}: ${how} ${outcome.detail}`
    return new Error(`${said('undici', undici)}; ${said('socket', socket)}`, { cause })
  }
}

function rank({ how }: Seen): number {
  return ['no head', 'cut', 'unframeable', 'ended'].indexOf(how)
}

test('both transports make the same of the same bytes', async () => {
  const counts = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(
      answerText,
      cuts,
      fc.constantFrom('POST', 'POST', 'HEAD'),
      async (text, places, method) => {
        pieces = piecesOf(text, places)
        const [undici, socket] = [await seenBy('undici', method), await seenBy('socket', method)]
        counts.set(socket.how, (counts.get(socket.how) ?? 0) + 1)
        const disagreement = disagreementOf(undici, socket)
        if (disagreement === undefined) return
        const [lenient, strict] =
          rank(undici) >= rank(socket) ? (['undici', socket] as const) : (['socket', undici] as const)
        const isKnown = DIFFERENCES.some(
          (each) => [lenient, 'either'].includes(each.lenient) && each.applies(text, strict.outcome.detail),
        )
        if (!isKnown) throw disagreement
      },
    ),
    { numRuns: RUNS, ...(SEARCH === undefined && { seed: SEED }) },
  )
  // The bytes are neither all good nor all bad.
  for (const how of ['ended', 'no head', 'cut']) expect(counts.get(how) ?? 0, how).toBeGreaterThan(RUNS / 200)
}, 600_000)
