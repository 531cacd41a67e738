// The wrappers around programs that no one here wrote do what tests rely on.

import { createHash } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { findTool, requireTool } from '../tools/find.ts'
import { createAuthority } from './certificates.ts'
import { startCollector } from './collector.ts'
import { curl } from './curl.ts'
import { startNginx } from './nginx.ts'

const SPAN = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'kanali' } }] },
      scopeSpans: [
        {
          scope: { name: 'test' },
          spans: [
            {
              traceId: '0af7651916cd43dd8448eb211c80319c',
              spanId: 'b7ad6b7169203331',
              name: 'GET /orders',
              kind: 2,
              startTimeUnixNano: '1',
              endTimeUnixNano: '2',
              attributes: [{ key: 'http.response.status_code', value: { intValue: '200' } }],
              status: { code: 2, message: 'no' },
            },
          ],
        },
      ],
    },
  ],
}

describe('a tool that is missing', () => {
  const nowhere = { PATH: '/nonexistent', KANALI_TOOLS: '/nonexistent' }

  test('is reported with the way to get it', () => {
    expect(findTool('otelcol', nowhere)).toEqual({
      missing: expect.stringContaining('test/tools/collector.sh'),
    })
  })

  test('skips a test with that reason, and fails it where tools are required', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const notes: string[] = []
    const context = {
      skip(note: string): never {
        notes.push(note)
        throw new Error('skipped')
      },
    }
    expect(() => requireTool('otelcol', context, nowhere)).toThrow('skipped')
    expect(notes).toEqual([expect.stringContaining('otelcol')])
    expect(write).toHaveBeenCalledWith(expect.stringContaining('SKIPPED: otelcol is not there'))
    write.mockRestore()
    expect(() => requireTool('otelcol', context, { ...nowhere, KANALI_REQUIRE_TOOLS: '1' })).toThrow(
      'KANALI_REQUIRE_TOOLS=1, but otelcol',
    )
  })
})

test('the Collector gives back the spans that it was sent', async (context) => {
  await using collector = await startCollector(requireTool('otelcol', context), (config) => {
    config.processors['attributes'] = { actions: [{ key: 'added', value: 'yes', action: 'insert' }] }
    config.service.pipelines['traces']?.processors.push('attributes')
  })
  const headers = { 'content-type': 'application/json' }
  await fetch(`${collector.httpUrl}/v1/traces`, { method: 'POST', headers, body: JSON.stringify(SPAN) })
  const [span] = await collector.spans((each) => each.name === 'GET /orders')
  expect(span).toMatchObject({
    kind: 'server',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: '',
    attributes: { 'http.response.status_code': 200, added: 'yes' },
    status: { code: 'error', message: 'no' },
    resource: { 'service.name': 'kanali' },
    scope: 'test',
  })
})

test('nginx echoes, stores, streams, cuts and logs, and curl shows it', async (context) => {
  const binary = requireTool('nginx', context)
  const client = requireTool('curl', context)
  const big = Buffer.alloc(300_000, 'kanali ')
  await using nginx = await startNginx(binary, { files: { 'big.bin': big } })
  const base = `http://127.0.0.1:${nginx.port}`

  const twice = await curl(client, [
    '-H',
    'x-test: 1',
    `${base}/echo/a?b=c`,
    `${base}/static`,
    '-o',
    '/dev/null',
  ])
  expect(twice).toMatchObject({ exitCode: 0, status: 200 })
  expect(twice.text).toContain('GET /echo/a?b=c HTTP/1.1\nhost: 127.0.0.1')
  expect(twice.text).toContain('x-test: 1\n')
  const [first, second] = await nginx.requests(undefined, 2)
  expect(second?.connection).toBe(first?.connection)
  expect(second?.connectionRequests).toBe(2)

  const chunked = await curl(client, [`${base}/chunked/big.bin`])
  expect(chunked.header('transfer-encoding')).toBe('chunked')
  expect(digest(chunked.body)).toBe(digest(big))
  expect((await curl(client, ['-X', 'PUT', '--data-binary', 'kept', `${base}/upload/x`])).status).toBe(201)
  expect((await curl(client, [`${base}/upload/x`])).text).toBe('kept')
  expect((await curl(client, [`${base}/status/503`])).status).toBe(503)
  expect(await curl(client, [`${base}/cut`])).toMatchObject({ exitCode: 52, status: 0 })
})

test('nginx speaks TLS and demands a client certificate', async (context) => {
  const binary = requireTool('nginx', context)
  const client = requireTool('curl', context)
  const authority = createAuthority()
  const tls = { ...authority.server(), clientAuthority: authority.certificate }
  await using nginx = await startNginx(binary, { tls })
  const refused = await curl(client, ['-k', `https://127.0.0.1:${nginx.tlsPort}/static`])
  expect(refused.status).toBe(400)
  const [logged] = await nginx.requests()
  expect(logged).toMatchObject({ tlsProtocol: expect.stringContaining('TLS'), clientSubject: '' })
})

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
