// Answers that come before the content of the request has been read, as an upstream gives them that refuses an upload:
// the client gets them at once, and a connection in the middle of a request is never used for another one.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startFaultyWorld, type FaultyWorld } from '../support/faulty-upstream.ts'
import { connectHttp, requestBytes } from '../support/http-client.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import type { Script } from '../support/upstream.ts'

const REFUSAL = answerBytes({ status: 413, body: 'too much' })
const UPLOAD_BYTES = 100_000
const MIB = 1024 * 1024

const refusesAndReadsOn: Script = async (connection) => {
  const head = await connection.readHead()
  await connection.write(REFUSAL)
  if (head !== undefined) await connection.readBody(head, { keepBody: false })
}

const refusesAndHangsUp: Script = async (connection) => {
  await connection.readHead()
  await connection.write(REFUSAL)
  connection.fin()
  await new Promise((resolve) => connection.socket.once('close', resolve))
}

const refusesAndReadsNothing: Script = async (connection) => {
  await connection.readHead()
  await connection.write(REFUSAL)
  await new Promise((resolve) => connection.socket.once('close', resolve))
}

let world: FaultyWorld

beforeAll(async () => {
  world = await startFaultyWorld({
    'reads-on': [refusesAndReadsOn, answers()],
    'hangs-up': [refusesAndHangsUp, answers()],
    'reads-nothing': [refusesAndReadsNothing, answers()],
    streaming: [refusesAndReadsNothing, answers()],
  })
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await world.expectUnharmed()
})

describe('an answer before the end of the request', () => {
  it.each(['reads-on', 'hangs-up', 'reads-nothing'])(
    'reaches a client that waits for it in the middle of its upload: %s',
    async (name) => {
      await using client = await connectHttp(world.gateway.port)
      const upload = requestBytes('PUT', `/${name}/upload`, { body: Buffer.alloc(UPLOAD_BYTES) })
      const half = upload.length - UPLOAD_BYTES / 2
      await client.send(upload.subarray(0, half))
      const early = await client.response({ method: 'PUT' })
      expect({ status: early.status, text: early.text }).toEqual({ status: 413, text: 'too much' })
      // The rest is taken and thrown away, and the client's connection is good for the next request.
      await client.send(upload.subarray(half))
      const next = await client.request('GET', `/${name}/next`)
      expect({ status: next.status, text: next.text }).toEqual({ status: 200, text: 'ok' })
      expect(await world.line(`/${name}/upload`)).toMatchObject({ status: 413, code: null, outcome: 'ok' })
      const [, second] = world.upstream(name).connections
      expect(second?.requests.map(({ target }) => target)).toEqual(['/next'])
    },
  )

  it('reaches a client that goes on sending more than anybody wants to read', async () => {
    await using client = await connectHttp(world.gateway.port)
    await client.send(`PUT /streaming/upload HTTP/1.1\r\nhost: a\r\ncontent-length: ${64 * MIB}\r\n\r\n`)
    void client.send(Buffer.alloc(32 * MIB))
    const early = await client.response({ method: 'PUT' })
    expect({ status: early.status, text: early.text }).toEqual({ status: 413, text: 'too much' })
    // What follows is not read to its end: the connection is given up instead.
    await client.ended()
    expect(await world.line('/streaming/upload')).toMatchObject({ status: 413, code: null })
  })
})
