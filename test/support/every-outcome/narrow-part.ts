// What needs options that the main gateway cannot have: mocks switched off, limits of one or two, a shared store of
// limits that cannot be reached, and faults that nothing outside of the gateway can cause (a bug of ours, and an error
// of the transport that nobody foresaw), which are injected between exchange and transport.

import type { Transport } from '../../../src/proxy/upstream/transport.ts'
import { keyPair } from '../api-keys.ts'
import { freePort } from '../free-ports.ts'
import {
  connectHttp,
  type HttpConnection,
  httpRequest,
  type RawResponse,
  requestBytes,
} from '../http-client.ts'
import { apiKeyBinding, apiProxy, mockTarget } from '../manifests.ts'
import { answers, neverAnswers } from '../upstream-scripts.ts'
import { startUpstream, type Upstream } from '../upstream.ts'
import { waitUntil } from '../wait-until.ts'
import { guarded, PARTNER_KEY } from './key-part.ts'
import { type Ask, get, type Part } from './outcome.ts'

/** Nobody listens there, and nobody is asked: the injected transport meets these itself. */
const BUG_PORT = 1
const UNFORESEEN_PORT = 2
const REQUESTS_MAX = 2
const CONNECTIONS_MAX = 4

export async function narrowPart(): Promise<Part> {
  const good = await startUpstream(answers())
  const busy = [await startUpstream(neverAnswers()), await startUpstream(neverAnswers())]
  const keys = await keyPair()
  const redis = `redis://127.0.0.1:${await freePort()}`
  const to = (name: string, url: string) => apiProxy(name).at(`/${name}`).toEndpoint(url).build()
  return {
    manifests: [
      to('orders', good.url),
      ...busy.map((upstream, index) => to(`busy-${index}`, upstream.url)),
      to('internal-error', `http://127.0.0.1:${BUG_PORT}`),
      to('upstream-error', `http://127.0.0.1:${UNFORESEEN_PORT}`),
      apiProxy('mocks-disabled').at('/mocks-disabled').mock('canned').build(),
      mockTarget('canned').route('/', 200, 'canned').build(),
      guarded('limit-store-failed', { bindingName: 'partners' }),
      keys.apiKey('partner', PARTNER_KEY).build(),
      apiKeyBinding('partners')
        .key('partner', { defaultRule: { global: true }, rate: { amount: 100, unit: 'second' } })
        .build(),
    ],
    asks: {
      internal_error: get('/internal-error'),
      upstream_error: get('/upstream-error'),
      mocks_disabled: get('/mocks-disabled'),
      limit_store_failed: get('/limit-store-failed', { apikey: PARTNER_KEY }),
      connection_limit: get('/busy-0', {}, whileBusy(busy.slice(0, 1))),
      overloaded_requests: get('/orders', {}, whileBusy(busy)),
      overloaded_connections: get('/orders', {}, whileConnected),
    },
    flags: {
      'proxy.enable_mock_responses': 'false',
      'proxy.max_connections_per_endpoint': '1',
      'proxy.max_pending_per_endpoint': '0',
      'server.max_requests': String(REQUESTS_MAX),
      'server.max_connections': String(CONNECTIONS_MAX),
      'plugins.apiKey.decryption_key_file': keys.file,
      'limits.redis_url': redis,
      'limits.on_store_failure': 'deny',
    },
    places: { redis },
    stop: async () => {
      await Promise.all([good, ...busy].map((upstream) => upstream.stop()))
      await keys[Symbol.asyncDispose]()
    },
  }
}

/** Asks while each of these upstreams keeps a request waiting; leaves no request behind. */
function whileBusy(upstreams: readonly Upstream[]): NonNullable<Ask['send']> {
  return async (port, { method, target }) => {
    const held: HttpConnection[] = []
    for (const [index, upstream] of upstreams.entries()) {
      const seen = upstream.requests.length
      const client = await connectHttp(port)
      held.push(client)
      await client.send(requestBytes('GET', `/busy-${index}`))
      await upstream.request(seen)
    }
    const response = await httpRequest(port, method, target)
    await release(port, held)
    return response
  }
}

async function whileConnected(port: number): Promise<RawResponse> {
  const held: HttpConnection[] = []
  for (let count = 0; count < CONNECTIONS_MAX; count++) held.push(await connectHttp(port))
  await using one = await connectHttp(port)
  const response = await one.response()
  await release(port, held)
  return response
}

/** The gateway hears of the end of a connection a little later. */
async function release(port: number, held: readonly HttpConnection[]): Promise<void> {
  for (const client of held) await client.close()
  await waitUntil(
    async () => (await httpRequest(port, 'GET', '/orders')).status === 200,
    'room at the gateway',
  )
}

/** The transport with two endpoints that fail in ways of their own. */
export function injected(made: Transport): Transport {
  return {
    isEndToEnd: made.isEndToEnd,
    dispatch(upstream, endpoint, request, events) {
      if (endpoint.port === BUG_PORT) throw new TypeError('a bug on purpose')
      if (endpoint.port !== UNFORESEEN_PORT) return made.dispatch(upstream, endpoint, request, events)
      events.started()
      setImmediate(() => events.failed({ phase: 'waiting', error: new TypeError('nobody foresaw this') }))
      return { phase: 'waiting', pause: () => undefined, resume: () => undefined, abort: () => undefined }
    },
    load: (upstream, endpoint) => made.load(upstream, endpoint),
    sweep: (now) => made.sweep(now),
    close: () => made.close(),
  }
}
