// Records of exchanges as the exchange would leave them, with just what a test sets.

import { failure } from '../../src/errors/failure.ts'
import type { Reason } from '../../src/errors/catalogue.ts'
import { type Attempt, ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { bareRoute, bareSnapshot } from './bare-snapshot.ts'

/** A good GET of `/example/a?key=secret` that took 10 ms, 4 of them upstream; not begun by a recorder. */
export function exchangeRecord(set: Partial<ExchangeRecord> = {}): ExchangeRecord {
  const startedAt = performance.now()
  return Object.assign(
    new ExchangeRecord(),
    {
      startedAt,
      respondedAt: startedAt + 8,
      endedAt: startedAt + 10,
      method: 'GET',
      path: '/example/a',
      query: 'key=secret',
      host: 'api.example.com',
      hostPort: 8080,
      clientAddress: '203.0.113.7',
      peerAddress: '10.1.2.3',
      peerPort: 51000,
      userAgent: 'curl/8.0',
      snapshot: bareSnapshot({ revision: 7 }),
      route: bareRoute(),
      status: 200,
      bytesIn: 3,
      bytesOut: 17,
    },
    set,
  )
}

/** The attempt of such a record: dispatched 2 ms after its start, answered 4 ms later. */
export function attemptOf(record: ExchangeRecord, set: Partial<Attempt> = {}): Attempt {
  const startedAt = record.startedAt + 2
  return {
    endpoint: '10.0.0.1:80',
    host: '10.0.0.1',
    port: 80,
    scheme: 'http',
    path: '/a?key=secret',
    startedAt,
    headAt: startedAt + 4,
    endedAt: startedAt + 5,
    status: 200,
    failure: undefined,
    span: undefined,
    spanOpen: false,
    spanId: '',
    ...set,
  }
}

/** A record that ended in an error of the catalogue. */
export function failedRecord(reason: Reason, set: Partial<ExchangeRecord> = {}): ExchangeRecord {
  const what = failure(reason, 'what an operator may read')
  return exchangeRecord({ outcome: 'error', failure: what, status: what.fact.status, ...set })
}
