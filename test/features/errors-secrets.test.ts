// Codes 06 and 07: the Secret of an https upstream is missing, not released, empty, unreadable, or holds no pair that
// fits. Each reason through a real socket, on body, span, metric and log line of the same request.

import { Observable } from 'rxjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import { KINDS } from '../../src/resources/resource.ts'
import { createAuthority, createSelfSigned } from '../support/certificates.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest, type RawResponse } from '../support/http-client.ts'
import { startInProcessGateway } from '../support/in-process-gateway.ts'
import { apiProxy, resourceOf, secret } from '../support/manifests.ts'
import { expectFailure, observe, type Observed } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const authority = createAuthority()
const server = authority.server()
const client = authority.client()
const other = createSelfSigned()

const SECRETS = [
  secret('not-released').cert(client.certificate).key(client.key).build(),
  secret('empty').enabled().stringData('unrelated', 'value').build(),
  secret('bad-certificate').enabled().cert('no certificate').key(client.key).build(),
  secret('bad-key').enabled().cert(client.certificate).key('no key').build(),
  secret('mismatch').enabled().cert(client.certificate).key(other.key).build(),
]
const NAMES = ['missing', 'not-released', 'empty', 'bad-certificate', 'bad-key', 'mismatch']

let sink: OtlpSink
let upstream: Upstream
let gateway: GatewayProcess

beforeAll(async () => {
  sink = await startOtlpSink()
  upstream = await startUpstream(answers(), { tls: server, host: 'localhost' })
  const proxies = NAMES.map((name) =>
    apiProxy(name).at(`/${name}`).toEndpoint(`https://localhost:${upstream.port}`).ssl(name).build(),
  )
  gateway = await startGatewayProcess({
    manifests: { 'proxies.yaml': proxies, 'secrets.yaml': SECRETS },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  await sink.stop()
})

function ask(path: string): Promise<Observed<RawResponse>> {
  return observe(gateway, sink, () => httpRequest(gateway.port, 'GET', path))
}

describe('code 06', () => {
  test('no such Secret: secret_missing, until there is one', async () => {
    expectFailure(await ask('/missing'), 'secret_missing')
    await gateway.write('late.yaml', secret('missing').enabled().ca(authority.certificate).build())
    await waitUntil(
      async () => (await httpRequest(gateway.port, 'GET', '/missing')).status === 200,
      'the upstream is reached with the Secret',
    )
  })

  test('its owner has not released it: secret_not_released', async () => {
    expectFailure(await ask('/not-released'), 'secret_not_released')
  })

  test('it has nothing that is looked for: secret_data_missing', async () => {
    expectFailure(await ask('/empty'), 'secret_data_missing')
  })

  test('the source may not list Secrets: secret_unreadable', async () => {
    const route = resourceOf(apiProxy('blind').at('/blind').toEndpoint('https://localhost:1').ssl('any'))
    await using blind = await startInProcessGateway(
      sink,
      {},
      {
        sources: [
          refusing('Secret', { type: 'upserted', source: 'kubernetes', observedAt: 1, resource: route }),
        ],
      },
    )
    const observed = await observe(blind, sink, () => httpRequest(blind.port, 'GET', '/blind'))
    expectFailure(observed, 'secret_unreadable')
  })
})

describe('code 07', () => {
  test('the certificate does not parse: certificate_unparsable', async () => {
    expectFailure(await ask('/bad-certificate'), 'certificate_unparsable')
  })

  test('the key does not parse: key_unparsable', async () => {
    const observed = await ask('/bad-key')
    expectFailure(observed, 'key_unparsable')
    expect(observed.clients).toEqual([])
  })

  test('certificate and key do not belong together: key_pair_mismatch', async () => {
    expectFailure(await ask('/mismatch'), 'key_pair_mismatch')
  })
})

/** A source that has everything but one kind, and one event more. */
function refusing(refused: (typeof KINDS)[number], event: ResourceEvent): Observable<ResourceEvent> {
  const origin = { source: 'kubernetes', observedAt: 1 }
  return new Observable((subscriber) => {
    for (const kind of KINDS) {
      if (kind === refused) subscriber.next({ ...origin, type: 'refused', kind, detail: '403 Forbidden' })
      else subscriber.next({ ...origin, type: 'listed', kind, resources: [] })
    }
    subscriber.next(event)
  })
}
