// Codes 01 and 09: a bug of the gateway, and a source that keeps Services back. No manifest can cause either, so the
// fault is injected into a gateway that runs inside the test, on real sockets.

import { Observable } from 'rxjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../src/events/event.ts'
import type { Transport } from '../../src/proxy/upstream/transport.ts'
import { KINDS, type Resource } from '../../src/resources/resource.ts'
import { httpRequest } from '../support/http-client.ts'
import { startInProcessGateway } from '../support/in-process-gateway.ts'
import { apiProxy, mockTarget, resourceOf } from '../support/manifests.ts'
import { expectFailure, observe } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'

const ORIGIN = { source: 'kubernetes', observedAt: 1 }
const WORLD: readonly Resource[] = [
  resourceOf(apiProxy('proxied').at('/proxied').toEndpoint('http://127.0.0.1:9')),
  resourceOf(apiProxy('mocked').at('/mocked').mock('ok')),
  resourceOf(apiProxy('named').at('/named').service('shop', 80)),
  resourceOf(
    apiProxy('labelled')
      .at('/labelled')
      .labels([{ name: 'app', value: 'shop' }], 80),
  ),
  resourceOf(mockTarget('ok').route('/', 200, 'ok')),
]

let sink: OtlpSink
beforeAll(async () => {
  sink = await startOtlpSink()
})
afterAll(() => sink.stop())

describe('code 01', () => {
  test('an exception that nobody expected: internal_error, with its stack on the span, and the next request is served', async () => {
    const broken = (made: Transport): Transport => ({
      isEndToEnd: made.isEndToEnd,
      dispatch: () => {
        throw new TypeError('a bug on purpose')
      },
      load: () => 0,
      sweep: (now) => made.sweep(now),
      close: () => made.close(),
    })
    await using gateway = await startInProcessGateway(sink, {}, { sources: [listing()], transport: broken })
    const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', '/proxied'))
    expectFailure(observed, 'internal_error')
    expect(observed.seen.text).not.toContain('a bug on purpose')
    expect(observed.server.events).toContainEqual({
      name: 'exception',
      attributes: expect.objectContaining({
        'exception.type': 'TypeError',
        'exception.message': 'a bug on purpose',
        'exception.stacktrace': expect.stringContaining('errors-gateway.test.ts'),
      }),
    })
    expect((await httpRequest(gateway.port, 'GET', '/mocked')).text).toBe('ok')
  })
})

describe('code 09', () => {
  test('the source refuses Services: services_refused for routes that need one, and readiness says so', async () => {
    await using gateway = await startInProcessGateway(sink, {}, { sources: [listing('Service')] })
    for (const path of ['/named', '/labelled']) {
      const observed = await observe(gateway, sink, () => httpRequest(gateway.port, 'GET', path))
      expectFailure(observed, 'services_refused')
      expect(observed.server.attributes['kanali.error.detail']).toContain('403 Forbidden')
    }
    expect((await httpRequest(gateway.port, 'GET', '/mocked')).text).toBe('ok')
    const ready = await fetch(`http://127.0.0.1:${gateway.profilingPort}/readyz`)
    expect(await ready.text()).toContain('Service')
  })
})

/** A source that has listed everything, but for a kind that it refuses. */
function listing(refused?: (typeof KINDS)[number]): Observable<ResourceEvent> {
  return new Observable((subscriber) => {
    for (const kind of KINDS) {
      if (kind === refused) subscriber.next({ ...ORIGIN, type: 'refused', kind, detail: '403 Forbidden' })
      else {
        const resources = WORLD.filter((resource) => resource.kind === kind)
        subscriber.next({ ...ORIGIN, type: 'listed', kind, resources })
      }
    }
  })
}
