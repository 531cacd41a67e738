// Codes 00, 02 and 10: nothing fits the request, or what the ApiProxy names is not there. Also what is in order: an
// upstream that answers, a mock, an upstream with an error of its own.

import { apiProxy, mockTarget, service } from '../manifests.ts'
import { answerBytes, answers } from '../upstream-scripts.ts'
import { startUpstream } from '../upstream.ts'
import { connectHttp, requestBytes } from '../http-client.ts'
import { neverAnswers } from '../upstream-scripts.ts'
import { get, nameOf, type Outcome, type Part } from './outcome.ts'

const at = (outcome: Outcome) => apiProxy(nameOf(outcome)).at(`/${nameOf(outcome)}`)

export async function routingPart(): Promise<Part> {
  const good = await startUpstream(answers())
  const failing = await startUpstream(answers(answerBytes({ status: 503, body: 'out of order' })))
  const silent = await startUpstream(neverAnswers())
  const leaves = async (port: number): Promise<undefined> => {
    await using client = await connectHttp(port)
    const seen = silent.requests.length
    await client.send(requestBytes('GET', '/client-closed'))
    await silent.request(seen)
  }
  return {
    manifests: [
      apiProxy('cart').at('/cart').toEndpoint(good.url).build(),
      apiProxy('catalogue').at('/catalogue').toEndpoint(good.url).build(),
      apiProxy('canned').at('/canned').mock('canned').build(),
      at('upstream_answers_503').toEndpoint(failing.url).build(),
      at('client_closed').toEndpoint(silent.url).build(),
      mockTarget('canned').route('/', 200, 'canned').build(),
      at('no_host_matched').host('shop.example.com').mock('canned').build(),
      at('apiproxy_invalid').toEndpoint('ftp://example.com').build(),
      mockTarget('narrow')
        .route('/only', 200, 'ok', { methods: ['GET'] })
        .build(),
      at('mock_target_missing').mock('nobody-made-it').build(),
      at('mock_route_missing').mock('narrow').build(),
      at('mock_method_missing').mock('narrow').build(),
      service('labelled').labelled({ app: 'a', stage: 'live' }).port(80).build(),
      at('service_missing').service('nobody-made-it', 80).build(),
      at('service_port_missing').service('labelled', 81).build(),
      at('service_labels_unmatched')
        .labels([{ name: 'app', value: 'b' }], 80)
        .build(),
      at('service_label_header_absent')
        .labels([{ name: 'stage', header: 'x-stage' }], 80)
        .build(),
    ],
    asks: {
      ok: get('/cart/1'),
      upstream_answers_503: get('/upstream-answers-503'),
      client_closed: get('/client-closed', {}, leaves),
      no_path_matched: get('/nowhere'),
      no_host_matched: get('/no-host-matched', { host: 'other.example.com' }),
      apiproxy_invalid: get('/apiproxy-invalid'),
      mock_target_missing: get('/mock-target-missing'),
      mock_route_missing: get('/mock-route-missing/other'),
      mock_method_missing: { method: 'POST', target: '/mock-method-missing/only', headers: [] },
      service_missing: get('/service-missing'),
      service_port_missing: get('/service-port-missing'),
      service_labels_unmatched: get('/service-labels-unmatched'),
      service_label_header_absent: get('/service-label-header-absent'),
    },
    stop: async () => {
      await Promise.all([good, failing, silent].map((upstream) => upstream.stop()))
    },
  }
}
