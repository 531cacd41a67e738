// What every upstream transport does, whatever speaks behind it. Run by the one on undici and by the one on sockets.

import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/proxy/upstream/transport.ts'
import { createAuthority } from '../support/certificates.ts'
import { freePort } from '../support/free-ports.ts'
import { beforeUpstream } from '../support/before-upstream.ts'
import { transportWorld, type TransportName, type WorldOptions } from '../support/transports.ts'
import {
  answerBytes,
  answers,
  cutsAfter,
  drips,
  neverAnswers,
  sendsZeros,
} from '../support/upstream-scripts.ts'
import { type Script, type UpstreamOptions } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

const OK = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n\r\nok'
const MIB = 1024 * 1024

/** Pauses a call after each piece of its answer. */
class Tap {
  #call: Call | undefined
  readonly world: WorldOptions = {
    onData: (call) => {
      call.pause()
      this.#call = call
    },
  }

  get isShut(): boolean {
    return this.#call !== undefined
  }

  /** Takes piece after piece until the condition holds. */
  async openUntil(isAll: () => boolean): Promise<void> {
    const take = (): boolean => {
      const call = this.#call
      this.#call = undefined
      call?.resume()
      return isAll()
    }
    await waitUntil(take, 'all of it', { everyMs: 1, timeoutMs: 25_000 })
    this.#call?.resume()
  }
}

export function describeTransport(name: TransportName): void {
  /** undici reads the phrase as UTF-8, and loses one that comes in two pieces. */
  const hasPhrase = name === 'socket'

  /** An upstream and the transport before it; both end with the test. */
  const before = (
    script: Script | readonly [Script, ...Script[]],
    world?: WorldOptions,
    upstreamOptions?: UpstreamOptions,
  ) => beforeUpstream(name, script, world, upstreamOptions)

  describe(`the request that the transport ${name} sends`, () => {
    it('has method, path and fields as given, in their order, and no framing without content', async () => {
      await using here = await before(answers(OK))
      await here.asked.ask({
        method: 'GET',
        path: '/a%20b?c=d',
        headers: ['X-One', '1', 'x-one', 'zwei \xe9'],
      })
      const request = await here.upstream.request(0)
      expect([request.method, request.target]).toEqual(['GET', '/a%20b?c=d'])
      expect(request.headerValues('x-one')).toEqual(['1', 'zwei \xe9'])
      expect(request.rawHeaders.map(([field]) => field).filter((field) => /^x-/i.test(field))).toEqual([
        'X-One',
        'x-one',
      ])
      expect(request.header('host')).toBe('test')
      expect([request.header('content-length'), request.header('transfer-encoding')]).toEqual([
        undefined,
        undefined,
      ])
    })

    it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT'])(
      'frames content of unknown length by chunks, with %s too',
      async (method) => {
        await using here = await before(answers('HTTP/1.1 204 Said\r\n\r\n'))
        const body = Readable.from([Buffer.from('ab'), Buffer.from('cde')])
        expect((await here.asked.ask({ method, body })).status).toBe(204)
        const request = await here.upstream.request(0)
        expect({ framing: request.framing, body: request.body.toString() }).toEqual({
          framing: 'chunked',
          body: 'abcde',
        })
      },
    )

    it('frames content of a declared length by that', async () => {
      await using here = await before(answers(OK))
      await here.asked.ask({ method: 'PUT', headers: ['content-length', '5'], body: 'abcde' })
      const request = await here.upstream.request(0)
      expect({ framing: request.framing, body: request.body.toString() }).toEqual({
        framing: 'length',
        body: 'abcde',
      })
      expect(request.header('transfer-encoding')).toBeUndefined()
    })

    it.each([
      ['shorter', 'abcd'],
      ['longer', 'abcdef'],
    ])('is never taken for whole where its content is %s than declared', async (_, body) => {
      await using here = await before(answers(OK))
      const { how } = await here.asked.ask({ method: 'PUT', headers: ['content-length', '5'], body })
      expect(how).toBe('failed')
      const connection = await here.upstream.connection(0)
      await waitUntil(() => connection.end !== 'open', 'the end of the connection')
      expect((await here.asked.ask()).text).toBe('ok')
      expect(here.upstream.connections.length).toBe(2)
    })

    it('is taken from its content only as fast as the upstream reads it', async () => {
      const reads = Promise.withResolvers<void>()
      const script: Script = async (connection) => {
        const head = await connection.readHead()
        await reads.promise
        if (head !== undefined) await connection.readBody(head, { keepBody: false })
        await connection.write(OK)
      }
      await using here = await before(script)
      let taken = 0
      const body = new Readable({
        highWaterMark: MIB,
        read() {
          taken += MIB
          this.push(taken > 64 * MIB ? null : Buffer.alloc(MIB))
        },
      })
      const asking = here.asked.begin({ method: 'PUT', body })
      let last = -1
      await waitUntil(
        () => {
          const same = taken === last && taken > 0
          last = taken
          return same
        },
        'the content to stand still',
        { everyMs: 200 },
      )
      expect(taken).toBeLessThan(64 * MIB)
      reads.resolve()
      expect((await asking.outcome).text).toBe('ok')
      expect((await here.upstream.request(0)).bodyBytes).toBe(64 * MIB)
    })

    it('is not ended by content that breaks off', async () => {
      await using here = await before(answers(OK))
      const body = new Readable({ read: () => undefined })
      const asking = here.asked.begin({ method: 'PUT', body })
      body.push('half')
      await asking.started
      await waitUntil(() => (here.upstream.connections[0]?.bytesRead ?? 0) > 0, 'something to arrive')
      body.destroy(new Error('broke off'))
      expect((await asking.outcome).how).toBe('failed')
      const connection = await here.upstream.connection(0)
      await waitUntil(() => connection.end !== 'open', 'the end of the connection')
      expect(here.upstream.requests.filter(({ complete }) => complete)).toEqual([])
    })

    it.each([
      ['a CR and an LF in a value', { headers: ['x-a', 'b\r\nx-c: d'] }],
      ['a bare LF in a value', { headers: ['x-a', 'b\nc'] }],
      ['a character beyond latin1 in a value', { headers: ['x-a', 'b\u010a\u010d'] }],
      ['a NUL in a value', { headers: ['x-a', 'b\0c'] }],
      ['a space in a name', { headers: ['x a', 'b'] }],
      ['a colon in a name', { headers: ['x:a', 'b'] }],
      ['a space in the path', { path: '/a b' }],
      ['a line end in the path', { path: '/a\r\nb' }],
      ['a space in the method', { method: 'GET /a' }],
      ['a length that is none', { headers: ['content-length', 'x'] }],
    ])('is not sent with %s', async (_, asked) => {
      await using here = await before(answers(OK))
      const outcome = await here.asked.ask(asked)
      expect([outcome.how, outcome.reason]).toEqual(['failed', 'upstream_error'])
      expect((await here.asked.ask({ path: '/next' })).text).toBe('ok')
      expect(here.upstream.requests.map(({ target }) => target)).toEqual(['/next'])
    })
  })

  describe(`the answer that the transport ${name} gives on`, () => {
    it('has status, phrase, fields in order and spelling, content and trailers', async () => {
      const bytes = answerBytes({
        status: 201,
        reasonPhrase: 'Made \xe9',
        headers: [
          ['X-One', 'a'],
          ['x-one', 'b \xe9'],
          ['x-empty', ''],
        ],
        body: 'abcdefgh',
        chunkSizes: [3],
        trailers: [['x-sum', '1']],
      })
      await using here = await before(answers(bytes))
      const outcome = await here.asked.ask()
      expect(outcome).toMatchObject({ status: 201, text: 'abcdefgh', how: 'ended' })
      if (hasPhrase) expect(outcome.statusText).toBe('Made \xe9')
      expect(outcome.rawHeaders.slice(0, 6)).toEqual(['X-One', 'a', 'x-one', 'b \xe9', 'x-empty', ''])
      expect(outcome.trailers).toEqual(['x-sum', '1'])
    })

    it.each([
      ['by length', answerBytes({ body: 'abcdefgh' })],
      [
        'by chunks with extensions',
        Buffer.from(
          'HTTP/1.1 200 Said\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nabcde\r\n3;c="d;e"\r\nfgh\r\n0\r\n\r\n',
        ),
      ],
      [
        'by informational heads and chunks',
        answerBytes({
          informational: [103, 102],
          body: 'abcdefgh',
          chunkSizes: [1, 2],
          trailers: [['a', 'b']],
        }),
      ],
    ])('is the same in one piece and octet by octet: %s', async (_, bytes) => {
      await using whole = await before(answers(bytes))
      await using dripping = await before(drips(bytes, 1, 0))
      const { statusText, ...expected } = await whole.asked.ask()
      expect(expected).toMatchObject({ how: 'ended', text: 'abcdefgh' })
      const dripped = await dripping.asked.ask()
      expect(dripped).toMatchObject(expected)
      if (hasPhrase) expect(dripped.statusText).toBe(statusText)
    })

    it.each(['HEAD', 'GET'])(
      'without length and chunks goes to the end of the connection: %s',
      async (method) => {
        const script: Script = async (connection) => {
          await connection.readRequest()
          await connection.write('HTTP/1.1 200 Said\r\n\r\n')
          if (method === 'GET') await connection.write('ab')
          if (method === 'GET') await connection.write('cd')
          connection.fin()
        }
        await using here = await before(script)
        expect(await here.asked.ask({ method })).toMatchObject({
          how: 'ended',
          text: method === 'GET' ? 'abcd' : '',
        })
      },
    )

    it.each([
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ])('to %s with status %i has no content, whatever its fields say', async (method, status) => {
      const head = `HTTP/1.1 ${status} Said\r\ncontent-length: 5\r\n\r\n`
      await using here = await before(answers(head))
      expect(await here.asked.ask({ method })).toMatchObject({ how: 'ended', status, text: '' })
    })

    it('comes while content is still being sent, and the connection is not used again', async () => {
      const early: Script = async (connection) => {
        await connection.readHead()
        await connection.write(OK)
        await new Promise((resolve) => connection.socket.once('close', resolve))
      }
      await using here = await before([early, answers(OK)])
      const body = new Readable({ read: () => undefined })
      body.push('half')
      expect(await here.asked.ask({ method: 'PUT', body })).toMatchObject({ how: 'ended', text: 'ok' })
      body.destroy()
      expect((await here.asked.ask({ path: '/next' })).text).toBe('ok')
      expect(here.upstream.connections).toHaveLength(2)
    })

    it('is given on only as fast as it is taken, and all of it', async () => {
      const total = 64 * MIB
      const tap = new Tap()
      await using here = await before(sendsZeros(total), tap.world)
      const asking = here.asked.begin()
      await waitUntil(() => tap.isShut, 'the first piece')
      const stalled = asking.received()
      const connection = await here.upstream.connection(0)
      let last = -1
      await waitUntil(
        () => {
          const written = connection.socket.bytesWritten
          const same = written === last
          last = written
          return same
        },
        'the upstream to stand still',
        { everyMs: 100 },
      )
      expect(last).toBeLessThan(total)
      expect(asking.received()).toBe(stalled)
      await tap.openUntil(() => asking.received() === total)
      expect((await asking.outcome).how).toBe('ended')
    })

    it('does not end before its last piece was taken', async () => {
      const calls: { resume(): void }[] = []
      await using here = await before(answers(OK), {
        onHead: (call) => {
          call.pause()
          calls.push(call)
        },
      })
      const asking = here.asked.begin()
      await asking.head
      // A turn of the loop in which it could have been given on.
      await new Promise((resolve) => setImmediate(resolve))
      expect(asking.received()).toBe(0)
      calls[0]?.resume()
      expect(await asking.outcome).toMatchObject({ how: 'ended', text: 'ok' })
      calls.length = 0
      const second = here.asked.begin()
      await second.head
      calls[0]?.resume()
      expect(await second.outcome).toMatchObject({ how: 'ended', text: 'ok' })
    })

    it('is kept apart from those of others while nothing of it is taken', async () => {
      const calls: Call[] = []
      const script = answers(({ target }) => answerBytes({ body: target.slice(1).repeat(1000) }))
      await using here = await before(script, {
        onHead: (call) => {
          call.pause()
          calls.push(call)
        },
      })
      const asking = ['/a', '/b', '/c'].map((path) => here.asked.begin({ path }))
      for (const each of asking) await each.head
      for (const call of calls) call.resume()
      const texts = await Promise.all(asking.map(async ({ outcome }) => (await outcome).text))
      expect(texts).toEqual(['a', 'b', 'c'].map((letter) => letter.repeat(1000)))
    })

    it.each(['HTTP', 'HTTPS'])(
      'is whole where the upstream closes behind it while nothing is taken, over %s',
      async (scheme) => {
        const calls: { resume(): void }[] = []
        const script: Script = async (connection) => {
          await connection.readRequest()
          await connection.write('HTTP/1.1 200 Said\r\nconnection: close\r\n\r\nall of it')
          connection.fin()
        }
        const authority = createAuthority('trusted')
        const secure = scheme === 'HTTPS'
        const world: WorldOptions = {
          onHead: (call) => {
            call.pause()
            calls.push(call)
          },
          ...(secure && { ca: authority.certificate }),
        }
        await using here = await before(script, world, secure ? { tls: authority.server() } : {})
        const asking = here.asked.begin()
        await asking.head
        // Until the end has come as far as the system, and has had turns of the loop in which to come further.
        await waitUntil(() => here.upstream.connections[0]?.socket.writableFinished, 'the FIN to be sent')
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
        calls[0]?.resume()
        expect(await asking.outcome).toMatchObject({ how: 'ended', text: 'all of it' })
      },
    )
  })

  describe(`the connections of the transport ${name}`, () => {
    it('are used again, the latest first, never by two requests at once', async () => {
      await using here = await before(answers(OK))
      await Promise.all([here.asked.ask(), here.asked.ask(), here.asked.ask()])
      expect(here.upstream.connections).toHaveLength(3)
      for (let id = 0; id < 4; id++) await here.asked.ask({ path: `/${id}` })
      expect(here.upstream.connections).toHaveLength(3)
      const counts = here.upstream.connections.map(({ requests }) => requests.length)
      expect(Math.max(...counts)).toBe(5)
    })

    it.each([
      ['says so', 'HTTP/1.1 200 Said\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'],
      ['is of HTTP/1.0', 'HTTP/1.0 200 Said\r\ncontent-length: 2\r\n\r\nok'],
      ['keeps it for no second', 'HTTP/1.1 200 Said\r\nkeep-alive: timeout=0\r\ncontent-length: 2\r\n\r\nok'],
    ])('are not used again where the upstream %s', async (_, bytes) => {
      await using here = await before(answers(bytes))
      for (const path of ['/1', '/2']) expect((await here.asked.ask({ path })).text).toBe('ok')
      expect(here.upstream.connections).toHaveLength(2)
    })

    it('are used again where an upstream of HTTP/1.0 keeps them', async () => {
      const bytes = 'HTTP/1.0 200 Said\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok'
      await using here = await before(answers(bytes))
      for (const path of ['/1', '/2']) expect((await here.asked.ask({ path })).text).toBe('ok')
      expect(here.upstream.connections).toHaveLength(1)
    })

    it('of a request that is given up end with it, and it calls back no more', async () => {
      await using here = await before([neverAnswers(), answers(OK)])
      const asking = here.asked.begin()
      await here.upstream.request(0)
      asking.call?.abort()
      expect(await (await here.upstream.connection(0)).untilEnded().catch(() => 'reset')).not.toBe('open')
      expect((await here.asked.ask()).text).toBe('ok')
      expect(here.asked.busy).toBe(0)
    })

    it('of the limit are all there are; who waits is served in turn, who is too many is refused', async () => {
      const opened = Promise.withResolvers<void>()
      const script: Script = async (connection) => {
        while ((await connection.readRequest()) !== undefined) {
          await opened.promise
          await connection.write(OK)
        }
      }
      const limits = { 'proxy.max_connections_per_endpoint': 1, 'proxy.max_pending_per_endpoint': 2 }
      await using here = await before(script, { options: limits })
      const first = here.asked.begin({ path: '/1' })
      const second = here.asked.begin({ path: '/2' })
      const leaving = here.asked.begin({ path: '/leaving' })
      expect((await here.asked.ask({ path: '/many' })).how).toBe('refused')
      expect([second.call?.phase, here.asked.busy]).toEqual(['pending', 3])
      leaving.call?.abort()
      const third = here.asked.begin({ path: '/3' })
      opened.resolve()
      for (const each of [first, second, third]) expect((await each.outcome).text).toBe('ok')
      expect(here.upstream.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3'])
      expect(here.upstream.connections).toHaveLength(1)
    })

    it('that are aborted while they are made leave room for those that wait', async () => {
      const limits = { 'proxy.max_connections_per_endpoint': 1, 'proxy.max_pending_per_endpoint': 2 }
      await using here = await before(answers(OK), { options: limits })
      const first = here.asked.begin({ path: '/1' })
      const second = here.asked.begin({ path: '/2' })
      expect(first.call?.phase).toBe('connect')
      first.call?.abort()
      expect((await second.outcome).text).toBe('ok')
      expect(here.upstream.requests.map(({ target }) => target)).toEqual(['/2'])
    })

    it('that cannot be made fail the request that waited, and make the endpoint look busy', async () => {
      await using world = await transportWorld(name, await freePort())
      expect(await world.ask()).toMatchObject({
        how: 'failed',
        reason: 'connection_refused',
        phase: 'connect',
      })
      expect(world.busy).toBeGreaterThan(1000)
    })

    it('that end under a request say how far it had come', async () => {
      const byLength = answerBytes({ body: 'abcdefgh' })
      const cuts = [0, 20, byLength.length - 1] as const
      const scripts = cuts.map((count) => cutsAfter(count, 'fin', byLength))
      await using here = await before([scripts[0] ?? answers(), ...scripts.slice(1)])
      const reasons: unknown[] = []
      for (const _ of cuts) reasons.push((await here.asked.ask({ method: 'POST' })).reason)
      expect(reasons).toEqual([
        'connection_closed_before_head',
        'connection_closed_in_head',
        'connection_closed_in_body',
      ])
    })

    it('are all ended by close, and fail what is on them', async () => {
      await using here = await before(neverAnswers())
      const asking = here.asked.begin()
      await here.upstream.request(0)
      expect(here.asked.load.upstreamConnections).toBe(1)
      await here.asked.transport.close()
      expect((await asking.outcome).how).toBe('failed')
      await waitUntil(() => here.asked.load.upstreamConnections === 0, 'no connection to be left')
    })
  })

  describe(`TLS on the transport ${name}`, () => {
    it('is spoken with HTTP/1.1 inside, and its sessions are taken up again', async () => {
      const authority = createAuthority('trusted')
      const resumed: boolean[] = []
      const script: Script = async (connection) => {
        const { socket } = connection
        resumed.push(
          'isSessionReused' in socket && (socket as { isSessionReused(): boolean }).isSessionReused(),
        )
        await connection.readRequest()
        await connection.write('HTTP/1.1 200 Said\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok')
      }
      await using here = await before(script, { ca: authority.certificate }, { tls: authority.server() })
      for (const path of ['/1', '/2']) expect((await here.asked.ask({ path })).text).toBe('ok')
      expect(resumed).toEqual([false, true])
    })

    it('carries content both ways, with backpressure', async () => {
      const authority = createAuthority('trusted')
      const tap = new Tap()
      await using here = await before(
        sendsZeros(8 * MIB),
        { ca: authority.certificate, ...tap.world },
        { tls: authority.server() },
      )
      const body = Readable.from([Buffer.alloc(MIB), Buffer.alloc(MIB)])
      const asking = here.asked.begin({ method: 'PUT', body })
      await tap.openUntil(() => asking.received() === 8 * MIB)
      expect((await asking.outcome).how).toBe('ended')
      expect((await here.upstream.request(0)).bodyBytes).toBe(2 * MIB)
    })
  })
}
