// Several endpoints behind one Service: who gets the requests, and what becomes of those of an endpoint that leaves.

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, endpointSlice, service } from '../support/manifests.ts'
import { waitUntil } from '../support/wait-until.ts'

/** An upstream at an address of its own; while it holds, requests stay unanswered. */
interface Endpoint {
  readonly address: string
  readonly server: Server
  readonly held: ServerResponse[]
  holds: boolean
  count: number
}

async function listen(address: string, port: number): Promise<Endpoint> {
  const held: ServerResponse[] = []
  const server = createServer((_, response) => {
    endpoint.count += 1
    if (endpoint.holds) held.push(response)
    else response.end(address)
  })
  const endpoint: Endpoint = { address, server, held, holds: false, count: 0 }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, address, resolve)
  })
  return endpoint
}

const ONE = '127.0.0.11'
const TWO = '127.0.0.12'
/** Nothing listens there. */
const NOBODY = '127.0.0.13'

type State = boolean | 'draining'

describe('of several endpoints', () => {
  let one: Endpoint
  let two: Endpoint
  let port: number
  let gateway: GatewayProcess

  beforeEach(async () => {
    one = await listen(ONE, 0)
    ;({ port } = one.server.address() as AddressInfo)
    two = await listen(TWO, port)
  })
  afterEach(async () => {
    await gateway?.stop()
    for (const { server } of [one, two]) {
      server.closeAllConnections()
      server.close()
    }
  })

  const slice = (endpoints: Readonly<Record<string, State>>) => {
    const builder = endpointSlice('shop-1').of('shop').port(port, 'http')
    for (const [address, state] of Object.entries(endpoints)) builder.endpoint(address, state)
    return builder.build()
  }

  async function start(endpoints: Readonly<Record<string, State>>): Promise<void> {
    gateway = await startGatewayProcess({
      manifests: {
        'shop.yaml': [
          apiProxy('shop').at('/shop').service('shop', 80).build(),
          service('shop').port(80, 'http').build(),
        ],
        'slice.yaml': slice(endpoints),
      },
    })
  }

  const ask = () => httpRequest(gateway.port, 'GET', '/shop')
  const texts = async (count: number) => {
    const seen: string[] = []
    for (let at = 0; at < count; at++) seen.push((await ask()).text)
    return seen
  }

  test('one that is slow gets no more than it can answer', async () => {
    await start({ [ONE]: true, [TWO]: true })
    one.holds = true
    const pending: Promise<unknown>[] = []
    while (one.held.length === 0) {
      const before = one.count + two.count
      pending.push(ask())
      await waitUntil(() => one.count + two.count > before, 'the request to arrive')
    }
    expect(new Set(await texts(30))).toEqual(new Set([TWO]))
    expect(one.count).toBe(1)
    for (const response of one.held) response.end(ONE)
    await Promise.all(pending)
  })

  test('both get requests where both are quick', async () => {
    await start({ [ONE]: true, [TWO]: true })
    const seen = await texts(100)
    expect(new Set(seen)).toEqual(new Set([ONE, TWO]))
    expect(Math.min(one.count, two.count)).toBeGreaterThan(10)
  })

  test('one that is ending finishes what it has, and gets nothing new', async () => {
    await start({ [ONE]: true })
    one.holds = true
    const underWay = ask()
    await waitUntil(() => one.held.length === 1, 'the request to be under way')
    await gateway.write('slice.yaml', slice({ [ONE]: 'draining', [TWO]: true }))
    await waitUntil(
      async () => (await gateway.metrics()).includes('kanali_snapshot_revision 2'),
      'the change to be live',
    )
    const before = one.count
    expect(new Set(await texts(20))).toEqual(new Set([TWO]))
    expect(one.count).toBe(before)
    one.held[0]?.end('at last')
    expect((await underWay).text).toBe('at last')
  })

  test('those that are ending are used where nobody else is', async () => {
    await start({ [ONE]: 'draining', [TWO]: false })
    expect(new Set(await texts(10))).toEqual(new Set([ONE]))
  })

  test('one that takes no connections does not look idle', async () => {
    await start({ [ONE]: true, [NOBODY]: true })
    const seen = await texts(40)
    expect(seen.filter((text) => text !== ONE).length).toBeLessThanOrEqual(2)
  })
})
