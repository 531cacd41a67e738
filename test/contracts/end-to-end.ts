// What goes from end to end where a transport says that it does: trailers of a request, an expectation and its 100, TE.
// Run by both; one that says it does not drops trailers, and is never given an expectation or TE.

import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { beforeUpstream } from '../support/before-upstream.ts'
import { type TransportName } from '../support/transports.ts'
import { answers } from '../support/upstream-scripts.ts'
import { type Script } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'

const OK = 'HTTP/1.1 200 Said\r\ncontent-length: 2\r\n\r\nok'

/** Two chunks of content with these fields behind it. */
const withTrailers = (trailers: readonly string[]): Readable =>
  Object.assign(Readable.from([Buffer.from('ab'), Buffer.from('cde')]), { trailers })

export function describeEndToEnd(name: TransportName): void {
  const isEndToEnd = name === 'socket'

  const before = (script: Script | readonly [Script, ...Script[]]) => beforeUpstream(name, script)

  describe(`from end to end, the transport ${name}`, () => {
    it('says whether it is', async () => {
      await using here = await before(answers(OK))
      expect(here.asked.transport.isEndToEnd).toBe(name === 'socket')
    })

    it('sends the trailers of a request behind its last chunk; undici sends the content alone', async () => {
      await using here = await before(answers(OK))
      const trailers = ['X-Sum', '1', 'x-empty', '', 'x-sum', 'zwei \xe9']
      expect((await here.asked.ask({ method: 'POST', body: withTrailers(trailers) })).text).toBe('ok')
      const request = await here.upstream.request(0)
      expect([request.framing, request.body.toString(), request.complete]).toEqual(['chunked', 'abcde', true])
      expect(request.trailers.flat()).toEqual(isEndToEnd ? trailers : [])
      // The connection has nothing open.
      await here.asked.ask()
      expect(here.upstream.connections).toHaveLength(1)
    })

    it('sends none behind content of a declared length', async () => {
      await using here = await before(answers(OK))
      const asked = { method: 'POST', headers: ['content-length', '5'], body: withTrailers(['x-sum', '1']) }
      expect((await here.asked.ask(asked)).text).toBe('ok')
      expect(await here.upstream.request(0)).toMatchObject({ framing: 'length', bodyBytes: 5, trailers: [] })
      await here.asked.ask()
      expect(here.upstream.connections).toHaveLength(1)
    })

    it.runIf(isEndToEnd).each([
      ['a line end in a value', ['x-a', 'b\r\nx-c: d']],
      ['the end of the section in a value', ['x-a', '\r\n\r\nGET /evil HTTP/1.1\r\n\r\n']],
      ['a bare LF in a value', ['x-a', 'b\nc']],
      ['a character beyond latin1 in a value', ['x-a', 'b\u010a\u010d']],
      ['a NUL in a value', ['x-a', '\0']],
      ['a colon in a name', ['x:a', 'b']],
      ['a line end in a name', ['x\r\na', 'b']],
      ['no name', ['', 'b']],
      ['a length', ['Content-Length', '5']],
      ['a coding', ['transfer-encoding', 'gzip']],
    ])('never ends a request whose trailers have %s', async (_, trailers) => {
      await using here = await before(answers(OK))
      const outcome = await here.asked.ask({ method: 'POST', path: '/bad', body: withTrailers(trailers) })
      expect([outcome.how, outcome.reason]).toEqual(['failed', 'upstream_error'])
      const connection = await here.upstream.connection(0)
      await waitUntil(() => connection.end !== 'open', 'the end of the connection')
      expect((await here.asked.ask({ path: '/next' })).text).toBe('ok')
      expect(here.upstream.requests.filter(({ complete }) => complete).map(({ target }) => target)).toEqual([
        '/next',
      ])
    })

    it.runIf(isEndToEnd)(
      'sends a head that expects by itself, gives the 100 on, and then the content',
      async () => {
        const script: Script = async (connection) => {
          const head = await connection.readHead()
          if (head === undefined) return
          await connection.write('HTTP/1.1 100 Continue\r\n\r\n')
          await connection.readBody(head)
          await connection.write(OK)
        }
        await using here = await before(script)
        const body = new Readable({ read: () => undefined })
        const asking = here.asked.begin({
          method: 'PUT',
          headers: ['content-length', '2', 'expect', '100-continue'],
          body,
          onInformational: () => {
            body.push('hi')
            body.push(null)
          },
        })
        expect(await asking.outcome).toMatchObject({ how: 'ended', text: 'ok', informational: [100] })
        expect((await here.upstream.request(0)).body.toString()).toBe('hi')
      },
    )

    it.runIf(isEndToEnd)('keeps no connection whose content was announced and never came', async () => {
      const script: Script = async (connection) => {
        await connection.readHead()
        await connection.write('HTTP/1.1 417 Said\r\ncontent-length: 2\r\n\r\nno')
        // Were it used again, this would stand for the content.
        await connection.untilEnded()
      }
      await using here = await before([script, answers(OK)])
      const asking = here.asked.begin({
        method: 'PUT',
        headers: ['content-length', '2', 'expect', '100-continue'],
        body: new Readable({ read: () => undefined }),
      })
      expect(await asking.outcome).toMatchObject({ how: 'ended', status: 417, text: 'no' })
      expect((await here.asked.ask({ path: '/next' })).text).toBe('ok')
      expect(here.upstream.connections).toHaveLength(2)
    })

    it('says to the upstream that trailers are taken where it is told to', async () => {
      await using here = await before(answers(OK))
      await here.asked.ask({ headers: isEndToEnd ? ['te', 'trailers'] : [] })
      const request = await here.upstream.request(0)
      expect([request.header('te'), request.header('connection')]).toEqual(
        isEndToEnd ? ['trailers', 'keep-alive, te'] : [undefined, 'keep-alive'],
      )
    })
  })
}
