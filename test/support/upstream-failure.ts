// What every failure of an upstream request (code 08) must leave behind: the answer and all signals of one exchange,
// the server span and the client span of the attempt among them.

import { expect } from 'vitest'
import type { Reason } from '../../src/errors/catalogue.ts'
import type { RawResponse } from './http-client.ts'
import { expectFailure, expectFailureSignals, type Observed } from './observed.ts'

/** Where the attempt went, as the client span and the access log are to show it. */
export interface Attempted {
  readonly host: string
  readonly port: number
  /** Default http. */
  readonly scheme?: 'http' | 'https'
  /** Status of the upstream's answer, where its head had been read. */
  readonly status?: number
}

/** The failure came before the head of the answer: the client got the error's body, and the attempt has its span. */
export function expectFailedAttempt(
  observed: Observed<RawResponse>,
  reason: Reason,
  attempted: Attempted,
): void {
  expectFailure(observed, reason)
  expectServerSpan(observed, 502)
  expectClientSpan(observed, reason, attempted)
}

/** The failure was compiled into the route or found before the dispatch: nobody was asked, so there is no attempt. */
export function expectNoAttempt(observed: Observed<RawResponse>, reason: Reason): void {
  expectFailure(observed, reason)
  expectServerSpan(observed, 502)
  expect(observed.clients).toEqual([])
  expect(observed.line).toMatchObject({ upstream: null, upstream_ms: null })
}

/** The failure came after the head: all signals, and the mark that the client's answer was cut. */
export function expectCutAnswer(
  observed: Observed<{ readonly response: RawResponse; readonly end: string }>,
  reason: Reason,
  attempted: Attempted & { readonly status: number },
): void {
  const { response, end } = observed.seen
  expect({ status: response.status, complete: response.complete, end }).toEqual({
    status: attempted.status,
    complete: false,
    end: 'reset',
  })
  expect(response.header('x-kanali-correlation-id')).toBe(observed.server.traceId)
  expectFailureSignals(observed, reason)
  expect(observed.line).toMatchObject({ status: attempted.status, outcome: 'error' })
  expectServerSpan(observed, attempted.status)
  expect(observed.server.attributes['kanali.response.truncated']).toBe(true)
  expectClientSpan(observed, reason, attempted)
}

function expectServerSpan({ server, line }: Observed<unknown>, status: number): void {
  expect(server).toMatchObject({ kind: 'server', parentSpanId: '', status: { code: 'error' } })
  expect(server.attributes).toMatchObject({
    'http.response.status_code': status,
    'kanali.outcome': 'error',
    'kanali.apiproxy.name': line['apiproxy'],
    'kanali.apiproxy.namespace': line['namespace'],
  })
}

function expectClientSpan(
  { server, clients, line }: Observed<unknown>,
  reason: Reason,
  { host, port, scheme = 'http', status }: Attempted,
): void {
  expect(clients).toHaveLength(1)
  const [client] = clients
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  expect(client).toMatchObject({
    kind: 'client',
    traceId: server.traceId,
    parentSpanId: server.spanId,
    status: { code: 'error', message: expect.stringContaining(authority) },
  })
  expect(client?.attributes).toMatchObject({
    'error.type': reason,
    'kanali.error.code': '08',
    'kanali.error.reason': reason,
    'server.address': host,
    'server.port': port,
    'url.full': expect.stringMatching(new RegExp(`^${scheme}://`)),
  })
  expect(client?.attributes['http.response.status_code']).toBe(status)
  expect(line['upstream']).toBe(authority)
}
