// The check that stands behind every test that sees telemetry: that it lets the gateway's own pass, and that it cannot be
// passed by anything else.

import { describe, expect, test } from 'vitest'
import { Exposition } from '../exposition.ts'
import { LogLines } from '../log-lines.ts'
import { startOtlpSink } from '../otlp-sink.ts'
import type { ReceivedSpan } from '../received-span.ts'
import { expositionProblems } from './check-exposition.ts'
import { accessLineProblems, logLineProblems } from './check-log.ts'
import { spanProblems } from './check-span.ts'
import { readRegistry, telemetryRegistry } from './registry.ts'
import { seeAccessLine, seeLogLine, seeSpan, takeUnknownTelemetry } from './watch.ts'

const registry = telemetryRegistry()

function serverSpan(set: Partial<ReceivedSpan> = {}): ReceivedSpan {
  return {
    name: 'GET /shop',
    kind: 'server',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    parentSpanId: '',
    traceState: '',
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/shop',
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
      'kanali.outcome': 'error',
      'kanali.error.code': '08',
      'kanali.duration.gateway_ms': 1,
      'http.request.header.accept': ['a'],
    },
    status: { code: 'unset', message: '' },
    events: [],
    links: [],
    resource: { 'service.name': 'kanali' },
    scope: 'kanali',
    ...set,
  }
}

const withAttributes = (more: ReceivedSpan['attributes']): ReceivedSpan => {
  const span = serverSpan()
  return { ...span, attributes: { ...span.attributes, ...more } }
}
const problemsOf = (span: ReceivedSpan, limited = false): string[] =>
  spanProblems(registry, span, { limited })

describe('a span', () => {
  test('passes as the gateway sends it', () => {
    expect(problemsOf(serverSpan())).toEqual([])
  })

  test.each<[why: string, span: ReceivedSpan, problem: string]>([
    ['an unknown attribute', withAttributes({ 'kanali.color': 'red' }), 'unknown attribute kanali.color'],
    [
      'a template without a name',
      withAttributes({ 'http.request.header': ['a'] }),
      'unknown attribute http.request.header',
    ],
    [
      'an attribute of another span',
      withAttributes({ 'url.full': 'http://a' }),
      'unknown attribute url.full',
    ],
    ['a number as text', withAttributes({ 'http.response.status_code': '200' }), 'is no int: "200"'],
    ['a fraction as a whole number', withAttributes({ 'server.port': 1.5 }), 'is no int: 1.5'],
    ['a text that is no list', withAttributes({ 'http.request.header.accept': 'a' }), 'is no string[]: "a"'],
    ['a value outside its set', withAttributes({ 'kanali.error.code': '15' }), 'is not in code: "15"'],
    ['another scope', serverSpan({ scope: 'other' }), 'unknown scope other'],
    ['another name', serverSpan({ name: 'GET /other' }), 'server span GET /other: unknown'],
    ['another kind', serverSpan({ kind: 'producer' }), 'producer span GET /shop: unknown'],
    ['an unknown event', serverSpan({ events: [{ name: 'retry', attributes: {} }] }), 'unknown event retry'],
    [
      'an unknown attribute of an event',
      serverSpan({ events: [{ name: 'exception', attributes: { 'exception.message': 'a', b: 1 } }] }),
      'event exception: unknown attribute b',
    ],
    [
      'an event that lacks something',
      serverSpan({ events: [{ name: 'exception', attributes: {} }] }),
      'no attribute exception.message',
    ],
    [
      'an unknown attribute of the resource',
      serverSpan({ resource: { color: 'red' } }),
      'resource: unknown attribute color',
    ],
    [
      'an attribute of a link',
      serverSpan({ links: [{ traceId: 'a', spanId: 'b', attributes: { c: 1 } }] }),
      'unknown attribute c of a link',
    ],
    [
      'more links than there are',
      serverSpan({ links: Array.from({ length: 3 }, () => ({ traceId: 'a', spanId: 'b', attributes: {} })) }),
      '3 links, where the registry has 2',
    ],
  ])('fails for %s', (_, span, problem) => {
    const found = problemsOf(span)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(problem)
  })

  test('fails for what is missing', () => {
    const { 'kanali.outcome': _, ...attributes } = serverSpan().attributes
    expect(problemsOf(serverSpan({ attributes }))).toEqual([
      'server span GET /shop: no attribute kanali.outcome',
    ])
  })

  test('may be cut where variables limit it, and still has no unknown attribute', () => {
    expect(problemsOf(serverSpan({ attributes: { 'kanali.error.code': '0' } }), true)).toEqual([])
    expect(problemsOf(withAttributes({ color: 'red' }), true)).toHaveLength(1)
  })

  test('of a library that was asked for is the library’s affair', () => {
    expect(problemsOf(serverSpan({ scope: '@opentelemetry/instrumentation-pg' }))).toEqual([])
  })
})

describe('a page of metrics', () => {
  const page = (lines: string, contentType = 'text/plain') => new Exposition(lines, contentType)
  const family = (name: string, type: string, ...samples: string[]): string =>
    [`# HELP ${name} .`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n')

  test.each([
    ['', family('kanali_ready', 'gauge', 'kanali_ready 1')],
    ['', family('kanali_rejected_total', 'counter', 'kanali_rejected_total{reason="method_not_allowed"} 1')],
    ['unknown metric kanali_color', family('kanali_color', 'gauge', 'kanali_color 1')],
    ['metric kanali_ready is a counter', family('kanali_ready', 'counter', 'kanali_ready 1')],
    ['has the unknown label path', family('kanali_ready', 'gauge', 'kanali_ready{path="/a"} 1')],
    [
      'has reason "because", not in rejection',
      family('kanali_rejected_total', 'counter', 'kanali_rejected_total{reason="because"} 1'),
    ],
    [
      'lacks labels: it has  of reason',
      family('kanali_rejected_total', 'counter', 'kanali_rejected_total 1'),
    ],
  ])('says %j', (problem, text) => {
    const found = expositionProblems(registry, page(text))
    if (problem === '') expect(found).toEqual([])
    else expect(found.join()).toContain(problem)
  })

  test('may have exemplars where the registry has them', () => {
    const exemplar = '# {trace_id="a"} 1 1.5'
    const open = (name: string, labels: string) =>
      page(
        `# HELP ${name} .\n# TYPE ${name} counter\n${name}_total${labels} 1 ${exemplar}\n# EOF\n`,
        'application/openmetrics-text',
      )
    expect(expositionProblems(registry, open('kanali_rejected', '{reason="method_not_allowed"}'))).toEqual([])
    expect(expositionProblems(registry, open('kanali_uncaught_exceptions', ''))).toEqual([
      'metric kanali_uncaught_exceptions_total has exemplars',
    ])
  })
})

describe('a line of a log', () => {
  const head = { level: 'info', time: '2026-05-04T10:11:12.131Z', msg: 'said' }

  test.each<[problem: string, line: Record<string, unknown>]>([
    ['', head],
    ['', { ...head, err: { type: 'Error' }, revision: 7 }],
    ['log "said": unknown field color', { ...head, color: 'red' }],
    ['log "said": field revision is no int: "7"', { ...head, revision: '7' }],
    ['log "said": field level is not in log_level: "loud"', { ...head, level: 'loud' }],
    ['log "undefined": no field msg', { level: 'info', time: head.time }],
  ])('says %j', (problem, line) => {
    expect(logLineProblems(registry, line)).toEqual(problem === '' ? [] : [problem])
  })

  test('of the access log has all fields, in order, and nulls only where they may be', () => {
    const names = [...registry.accessLog.keys()]
    const line = Object.fromEntries(names.map((name) => [name, null]))
    expect(accessLineProblems(registry, line)).toContain('access log: field trace_id is no string: null')
    expect(accessLineProblems(registry, line)).not.toContainEqual(expect.stringContaining('field code'))
    const { time: _, ...rest } = line
    expect(accessLineProblems(registry, rest)).toEqual([
      `access log: the fields are ${names.slice(1).join(' ')}`,
    ])
  })
})

describe('what a test sees', () => {
  test.fails('fails it where the registry does not know it', () => {
    seeSpan(withAttributes({ 'kanali.color': 'red' }), false)
  })

  test('is noted by each receiver', async () => {
    await using sink = await startOtlpSink()
    const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
    const body = JSON.stringify({
      resourceSpans: [
        {
          scopeSpans: [
            { scope: { name: 'kanali' }, spans: [{ name: 'new', kind: 2, attributes: [text('a', 'b')] }] },
          ],
        },
      ],
    })
    const send = (sender: string) =>
      fetch(`${sink.httpUrl}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': sender },
        body,
      })
    await send('OpenTelemetry Collector/0.145.0')
    expect(takeUnknownTelemetry()).toEqual([])
    await send('OTel-OTLP-Exporter-JavaScript/0.300.0')
    expect(takeUnknownTelemetry()).toEqual(['server span new: unknown'])
    new LogLines().info({ color: 'red' }, 'said')
    seeLogLine('{"level":"info","time":"2026-05-04T10:11:12.131Z","msg":"read","color":"red"}')
    seeAccessLine('{"color":"red"}')
    const build =
      '# HELP kanali_build_info .\n# TYPE kanali_build_info gauge\nkanali_build_info{color="red"} 1\n'
    expect(new Exposition(build, 'text/plain').families.size).toBe(1)
    expect(takeUnknownTelemetry()).toEqual([
      'log "said": unknown field color',
      'log "read": unknown field color',
      'access log: the fields are color',
      'metric kanali_build_info has the unknown label color',
    ])
  })

  test('is told in fifty lines at most', () => {
    for (let line = 0; line < 60; line++)
      seeLogLine(`{"level":"info","time":"2026-05-04T10:11:12.131Z","msg":"${line}","a":1}`)
    expect(takeUnknownTelemetry()).toHaveLength(50)
  })
})

describe('the registry', () => {
  const raw = {
    sets: {},
    spans: [],
    events: [],
    links: [],
    attributes: [],
    metrics: [],
    runtime_metrics: [],
    collector_metrics: [],
    access_log: [],
    program_log: [],
  }
  const attribute = { name: 'a', on: ['server'], type: 'string', stability: 'stable', meaning: 'm' }
  const metric = { name: 'a', type: 'gauge', stability: 'stable', meaning: 'm' }

  test.each<[problem: string, broken: Record<string, unknown>]>([
    ['attributes a: unknown key colour', { attributes: [{ ...attribute, colour: 'red' }] }],
    ['attributes a: type is text, not one of', { attributes: [{ ...attribute, type: 'text' }] }],
    ['attributes a: there is no set none', { attributes: [{ ...attribute, values: 'none' }] }],
    ['attributes a: meaning is missing', { attributes: [{ ...attribute, meaning: undefined }] }],
    ['a stands there twice', { attributes: [attribute, attribute] }],
    ['there is no table none', { sets: { a: { source: 'none' } } }],
    ['sets a: holds nothing', { sets: { a: {} } }],
    ['metrics a: histogram, 0 bounds', { metrics: [{ ...metric, type: 'histogram' }] }],
    [
      'metrics a: nothing bounds its series',
      { sets: { any: { pattern: '.*' } }, metrics: [{ ...metric, labels: { path: 'any' } }] },
    ],
  ])('is refused with %j', (problem, broken) => {
    expect(() => readRegistry({ ...raw, ...broken })).toThrow(problem)
  })
})
