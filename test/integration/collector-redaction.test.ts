// What otel/collector.yaml masks before anything leaves it: secrets by name and by look, on spans, events and resources of
// the gateway and of upstreams. And what it must leave alone: all that the gateway says about a failure.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ATTRIBUTE } from '../../src/telemetry/names.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { newTraceId, sendSpans, type SentValue } from '../support/otlp-sender.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import type { ReceivedSpan } from '../support/received-span.ts'
import { type ShippedCollector, startShippedCollector } from '../support/shipped-collector.ts'

const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.${'s'.repeat(43)}`
const PEM = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB0/secret\nlines\n-----END EC PRIVATE KEY-----'

/** Attribute, what is sent, and what comes out where that is more than stars. */
const MASKED: readonly (readonly [key: string, sent: SentValue, left?: string])[] = [
  ['http.request.header.authorization', ['Bearer abc']],
  ['http.request.header.proxy-authorization', ['Basic YTpi']],
  ['http.request.header.cookie', ['a=b', 'c=d']],
  ['http.response.header.set-cookie', ['sid=1; Path=/']],
  ['http.request.header.apikey', ['k']],
  ['http.request.header.x-api-key', ['k']],
  ['http.request.header.x-auth-user', ['ann']],
  ['http.request.header.x-csrf-value', ['v']],
  ['http.request.header.x-amz-security-token', ['t']],
  ['http.request.header.x-hub-signature', ['s']],
  ['authorization', 'anything'],
  ['app.db.password', 'hunter2'],
  ['db_passwd', 'hunter2'],
  ['app.client_secret', 'x'],
  ['app.accessToken', 'x'],
  ['tls.private_key', 'x'],
  ['app.api_key', 12345],
  ['app.cookies', 'a=b'],
  ['app.note', 'sent Authorization: Bearer abcdefghijklmnop0123', 'sent Authorization: ****'],
  ['app.header', 'basic dXNlcjpwYXNzd29yZA==', '****'],
  ['app.identity', `who is ${JWT}?`, 'who is ****?'],
  ['url.full', 'https://a.example/x?page=2&access_token=abc&z=1', 'https://a.example/x?page=2&****&z=1'],
  ['url.query', 'api_key=abc&page=2', '****&page=2'],
  ['db.statement', 'CONNECT postgres://ann:hunter2@db.example/x', 'CONNECT postgres****db.example/x'],
  ['app.cloud', 'key AKIAABCDEFGHIJKLMNOP in use', 'key **** in use'],
  ['app.forge', `push with ghp_${'a'.repeat(36)}`, 'push with ****'],
  ['app.pem', `before ${PEM} behind`, 'before **** behind'],
  ['app.list', ['plain', `token=${'x'.repeat(5)}`], '["plain","****"]'],
]

/** What looks a little like the above and is none. */
const LEFT: readonly (readonly [key: string, value: SentValue])[] = [
  ['app.author', 'ann'],
  ['app.tokens_used', 812],
  ['app.token_count', 3],
  ['http.request.header.accept', ['application/json']],
  ['http.request.header.x-page', ['1', '2']],
  ['url.full', 'https://a.example/tokens/secret?page=2&sort=name'],
  ['app.note', 'bearer token expired; basic plan'],
  ['app.mail', 'ann@a.example at 10:30'],
  ['app.ratio', 0.25],
  ['app.flag', true],
]

/** As the gateway sends them; every one of the names that begin with `kanali.`. */
const OWN: Readonly<Record<string, SentValue>> = {
  'kanali.error.code': '13',
  'kanali.error.reason': 'token_signature_invalid',
  'kanali.error.blame': 'client',
  'kanali.error.detail': 'no key of the set verifies the token of the field authorization',
  'kanali.error.object.kind': 'ApiKeyBinding',
  'kanali.error.object.namespace': 'shop',
  'kanali.error.object.name': 'session-token',
  'kanali.error.object.field': 'spec.keys[0].name',
  'kanali.apiproxy.name': 'secrets',
  'kanali.apiproxy.namespace': 'auth',
  'kanali.snapshot.revision': 7,
  'kanali.snapshot.hash': 'deadbeefdeadbeefdeadbeefdeadbeef',
  'kanali.snapshot.stale': true,
  'kanali.outcome': 'error',
  'kanali.rejected.reason': 'malformed_request',
  'kanali.response.truncated': true,
  'kanali.plugin': 'apikey',
  'kanali.apikey.name': 'partner-token',
  'kanali.apikey.rule': 'shop/partners keys[0].subpaths[1]',
  'kanali.jwt.issuer': 'https://issuer.example/token',
  'kanali.limit.fallback': 'local_share',
  'kanali.limit.store_failure': 'timeout',
  'kanali.duration.gateway_ms': 0.25,
  'kanali.duration.upstream_ms': 12,
  'kanali.duration.plugins_ms': 1.5,
  'kanali.request.trailers_dropped': true,
  'kanali.batch.events': 3,
  'kanali.batch.sources': 'kubernetes',
  'kanali.event.type': 'upserted',
  'kanali.event.source': 'kubernetes',
  'kanali.event.kind': 'Secret',
  'kanali.event.namespace': 'auth',
  'kanali.event.name': 'password',
}

describeWithTools(['otelcol'], 'the redaction of otel/collector.yaml', (otelcol = '') => {
  let backend: OtlpSink
  let collector: ShippedCollector

  beforeAll(async () => {
    backend = await startOtlpSink()
    collector = await startShippedCollector(otelcol, {
      backendUrl: backend.httpUrl,
      env: { COLLECTOR_SHARE_PERCENT: '100', COLLECTOR_DECISION_WAIT: '1s' },
    })
  })
  afterAll(async () => {
    await collector?.stop()
    await backend?.stop()
  })

  describe.each([
    ['a span that is sampled', {}],
    ['a span of a failure', { 'kanali.error.code': '08' }],
  ])('of %s', (_, more) => {
    const traceId = newTraceId()
    const spanOf = (index: number): ReceivedSpan | undefined =>
      backend.received.find((span) => span.traceId === traceId && span.name === `${index}`)

    beforeAll(async () => {
      const spans = [...MASKED, ...LEFT].map(([key, value], index) => ({
        traceId,
        name: `${index}`,
        attributes: { ...more, [key]: value },
        events: [{ name: 'exception', attributes: { [key]: value } }],
      }))
      expect(await sendSpans(collector.httpUrl, spans)).toBe(200)
      await backend.trace(traceId, spans.length)
    })

    test.each(MASKED.map(([key, , left = '****'], index) => ({ key, left, index })))(
      'masks $key',
      ({ key, left, index }) => {
        const span = spanOf(index)
        expect(span?.attributes[key]).toBe(left)
        expect(span?.events[0]?.attributes[key]).toBe(left)
      },
    )

    test.each(LEFT.map(([key, value], index) => ({ key, value, index: MASKED.length + index })))(
      'leaves $key: $value',
      ({ key, value, index }) => {
        const span = spanOf(index)
        expect(span?.attributes).toEqual({ ...more, [key]: value })
      },
    )
  })

  test('masks what a resource says, such as a command line', async () => {
    const traceId = newTraceId()
    const resource = { 'process.command_line': 'serve --db password=hunter2 --port 1', 'host.name': 'a' }
    await sendSpans(collector.httpUrl, [{ traceId }], { service: 'reports', resource })
    const [span] = await backend.trace(traceId)
    expect(span?.resource).toEqual({
      'service.name': 'reports',
      'process.command_line': 'serve --db **** --port 1',
      'host.name': 'a',
    })
  })

  test('leaves every attribute of the gateway as it is', async () => {
    const names = Object.values(ATTRIBUTE).filter((name) => name.startsWith('kanali.'))
    expect(Object.keys(OWN)).toEqual(expect.arrayContaining(names))
    const traceId = newTraceId()
    await sendSpans(collector.httpUrl, [{ traceId, attributes: OWN }])
    const [span] = await backend.trace(traceId)
    expect(span?.attributes).toEqual(OWN)
  })

  test('of a real failed request: no secret comes out, and all that explains it does', async () => {
    await using gateway = await startGatewayProcess({ otlpUrl: collector.httpUrl })
    const secrets = { authorization: `Bearer ${JWT}`, cookie: 'sid=s3cr3t', 'x-team-note': `use ${JWT}` }
    const response = await httpRequest(gateway.port, 'GET', '/nowhere?access_token=s3cr3t&page=2', {
      headers: Object.entries({ ...secrets, accept: 'text/plain' }),
    })
    const [span] = await backend.trace(response.header('x-kanali-correlation-id') ?? '')
    expect(span?.attributes).toMatchObject({
      'kanali.error.code': '00',
      'kanali.error.reason': 'no_path_matched',
      'url.path': '/nowhere',
      'http.request.header.accept': ['text/plain'],
      'http.request.header.x-team-note': '["use ****"]',
    })
    const told = JSON.stringify(span, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))
    for (const secret of ['s3cr3t', JWT]) expect(told).not.toContain(secret)
  })
})
