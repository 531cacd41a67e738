// What the flight recorder keeps, for how long, at what cost in memory, and that nothing of a request stays alive in it.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Reason } from '../../src/errors/catalogue.ts'
import { rejectionOf } from '../../src/errors/rejections.ts'
import { exchangeFacts } from '../../src/explain/exchange-facts.ts'
import { FlightRecorder, NEAREST_PER_RELEASE } from '../../src/explain/flight-recorder.ts'
import { SNAPSHOTS_MAX } from '../../src/explain/pinned-snapshots.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import { bareRoute, bareSnapshot, tableOf } from '../support/bare-snapshot.ts'
import { attemptOf, exchangeRecord, failedRecord } from '../support/exchange-records.ts'

const MASK = new Mask({ maskValue: 'omitted', headerKeys: [], apiKeyHeader: 'apikey', queryAllowList: [] })

const recorderOf = (exchanges: number, failedExchanges: number, snapshotsMax?: number) =>
  new FlightRecorder({ exchanges, failedExchanges, ...(snapshotsMax !== undefined && { snapshotsMax }) })

function keep(recorder: FlightRecorder, record: ExchangeRecord, traceId: string): void {
  record.traceId = traceId
  recorder.keep(record, MASK)
}

const traces = (recorder: FlightRecorder): string[] => recorder.newest().map(({ traceId }) => traceId)

describe('good exchanges', () => {
  test('are kept up to their number, the newest first', () => {
    const recorder = recorderOf(3, 0)
    for (const id of ['a', 'b', 'c', 'd', 'e']) keep(recorder, exchangeRecord(), id)
    expect(traces(recorder)).toEqual(['e', 'd', 'c'])
    expect(recorder.ofTrace('c').length).toBe(1)
    expect(recorder.ofTrace('a')).toEqual([])
  })

  test('never push out a failed one', () => {
    const recorder = recorderOf(2, 1)
    keep(recorder, failedRecord('connection_refused'), 'failed')
    for (let index = 0; index < 100; index += 1) keep(recorder, exchangeRecord(), `good ${index}`)
    expect(traces(recorder)).toEqual(['good 99', 'good 98', 'failed'])
  })

  test('are not kept at all where the option says 0, nor failed ones', () => {
    const recorder = recorderOf(0, 0)
    keep(recorder, exchangeRecord(), 'good')
    keep(recorder, failedRecord('connection_refused'), 'failed')
    expect(traces(recorder)).toEqual([])
    expect(recorder.snapshotsPinned).toBe(0)
  })

  test('in one trace are all found, the oldest first', () => {
    const recorder = recorderOf(5, 5)
    keep(recorder, exchangeRecord({ spanId: '1' }), 't')
    keep(recorder, failedRecord('dns_error', { spanId: '2' }), 't')
    keep(recorder, exchangeRecord({ spanId: '3' }), 't')
    expect(recorder.ofTrace('t').map(({ spanId }) => spanId)).toEqual(['1', '2', '3'])
  })
})

describe('failed exchanges', () => {
  test('of a burst of one reason do not push out the others', () => {
    const recorder = recorderOf(0, 10)
    const rare: Reason[] = ['secret_missing', 'dns_error', 'plugin_threw']
    for (const reason of rare) keep(recorder, failedRecord(reason), reason)
    keep(
      recorder,
      exchangeRecord({ outcome: 'rejected', rejection: rejectionOf('path_traversal') }),
      'rejected',
    )
    keep(recorder, exchangeRecord({ outcome: 'client_closed', status: 0 }), 'gone')
    keep(recorder, exchangeRecord({ status: 503 }), 'upstream')
    for (let index = 0; index < 1000; index += 1) keep(recorder, failedRecord('no_path_matched'), `${index}`)
    expect(traces(recorder)).toEqual([
      '999',
      '998',
      '997',
      '996',
      'upstream',
      'gone',
      'rejected',
      ...rare.reverse(),
    ])
  })

  test('share the room evenly where two reasons burst', () => {
    const recorder = recorderOf(0, 10)
    for (let index = 0; index < 100; index += 1) keep(recorder, failedRecord('dns_error'), 'first')
    for (let index = 0; index < 100; index += 1) keep(recorder, failedRecord('plugin_threw'), 'second')
    expect(traces(recorder).filter((trace) => trace === 'first').length).toBeGreaterThanOrEqual(4)
  })

  test('have their header fields, masked and cut; good ones have none', () => {
    const recorder = recorderOf(1, 1)
    const rawHeaders = ['Authorization', 'Bearer s3cret', 'X-Long', 'x'.repeat(1000)]
    keep(recorder, exchangeRecord({ rawHeaders }), 'good')
    keep(recorder, failedRecord('dns_error', { rawHeaders }), 'failed')
    const [failed, good] = recorder.newest()
    expect(good?.headers).toEqual([])
    expect(failed?.headers[0]).toEqual(['Authorization', 'omitted'])
    expect(failed?.headers[1]?.[1]).toMatch(/^x{255}…$/)
  })
})

describe('memory', () => {
  test('has a bound however long the texts are that clients choose', async () => {
    const snapshot = bareSnapshot()
    const fill = (): FlightRecorder => {
      const recorder = recorderOf(1000, 500)
      for (let index = 0; index < 3000; index += 1) {
        const failed = failedRecord('plugin_threw', { snapshot })
        keep(recorder, hostile(index % 2 === 0 ? failed : exchangeRecord({ snapshot })), `${index}`)
      }
      return recorder
    }
    // What the process itself takes is taken once, before it is measured.
    fill()
    const before = await memoryHeld()
    const recorder = fill()
    // What the options say: 2.5 KiB each, 16 KiB for a failed one, beside what this process takes and frees meanwhile.
    // The clients sent more than 100 KB each, 150 MB in all.
    const others = 4 * 1024 * 1024
    expect((await memoryHeld()) - before).toBeLessThan(1000 * 2560 + 500 * 16 * 1024 + others)
    expect(recorder.newest().length).toBe(1500)
  })

  test('holds no secret of a request, and no part of one', () => {
    const recorder = recorderOf(10, 10)
    for (const record of [exchangeRecord(), failedRecord('dns_error')]) {
      record.query = 'token=s3cret-query'
      record.rawHeaders = ['cookie', 's3cret-cookie']
      record.attempt = attemptOf(record, { path: '/a?token=s3cret-query' })
      keep(recorder, record, 'trace')
    }
    expect(JSON.stringify(recorder.newest().map(exchangeFacts))).not.toContain('s3cret')
    // The slots themselves, with what they refer to.
    expect(
      JSON.stringify(recorder.newest(), (key, value: unknown) => (key === 'pin' ? undefined : value)),
    ).not.toContain('s3cret')
  })

  test('keeps neither the record nor its spans alive', async () => {
    const recorder = recorderOf(10, 10)
    const gone = [exchangeRecord(), failedRecord('dns_error')].map((record) => {
      record.attempt = attemptOf(record)
      keep(recorder, record, 'trace')
      return [new WeakRef(record), new WeakRef(record.attempt)] as const
    })
    // References made in a turn live until its end.
    await nextTurn()
    collect()
    expect(gone.flat().map((ref) => ref.deref() === undefined)).toEqual([true, true, true, true])
  })
})

describe('snapshots', () => {
  const routes = tableOf([bareRoute(), bareRoute({ apiproxy: 'deeper', path: '/example/a/b' })])
  const at = (revision: number) =>
    bareSnapshot({
      revision,
      routes,
      objectsOf: () => [{ kind: 'ApiProxy', namespace: 'application', name: 'example', role: 'route' }],
    })

  test('are kept alive up to a limit, whatever the number of exchanges', async () => {
    const recorder = recorderOf(500, 500)
    for (let revision = 1; revision <= 100; revision += 1) {
      keep(recorder, exchangeRecord({ snapshot: at(revision) }), `${revision}`)
      await nextTurn()
      expect(recorder.snapshotsPinned).toBeLessThanOrEqual(SNAPSHOTS_MAX)
    }
    const [newest, ...others] = recorder.newest()
    expect(newest?.pin?.snapshot?.revision).toBe(100)
    expect(others.filter(({ pin }) => pin?.snapshot !== undefined).length).toBe(SNAPSHOTS_MAX - 1)
    expect(others.filter(({ route }) => route !== undefined).length).toBe(SNAPSHOTS_MAX - 1)
  })

  test('leave behind what a failed exchange needs: its route, its objects, its candidates', async () => {
    const recorder = recorderOf(5, 20, 1)
    const first = at(1)
    keep(recorder, exchangeRecord({ snapshot: first }), 'good')
    for (let index = 0; index <= NEAREST_PER_RELEASE; index += 1) {
      keep(
        recorder,
        failedRecord('dns_error', { snapshot: first, path: `/example/a${index}` }),
        `failed ${index}`,
      )
    }
    keep(recorder, exchangeRecord({ snapshot: at(2) }), 'newer')
    await nextTurn()
    const [failed] = recorder.ofTrace('failed 0').map(exchangeFacts)
    expect(failed).toMatchObject({
      revision: 1,
      apiproxy: { namespace: 'application', name: 'example' },
      objects: [{ kind: 'ApiProxy', name: 'example', resourceVersion: null }],
      candidates: [{ apiproxy: 'application/example', verdict: 'matched' }, { verdict: 'path differs' }],
      candidates_cut: false,
    })
    const [last] = recorder.ofTrace(`failed ${NEAREST_PER_RELEASE}`).map(exchangeFacts)
    expect(last).toMatchObject({ candidates: [{ verdict: 'matched' }], candidates_cut: true })
    const [good] = recorder.ofTrace('good').map(exchangeFacts)
    expect(good).toMatchObject({ apiproxy: { name: 'example' }, candidates: [], candidates_cut: true })
  })

  test('of an exchange that outlived them are let go again', async () => {
    const recorder = recorderOf(50, 50, 2)
    const old = at(1)
    for (let revision = 2; revision <= 5; revision += 1) {
      keep(recorder, exchangeRecord({ snapshot: at(revision) }), `${revision}`)
    }
    await nextTurn()
    keep(recorder, failedRecord('response_body_timeout', { snapshot: old }), 'slow')
    await nextTurn()
    expect(recorder.snapshotsPinned).toBe(2)
    expect(recorder.ofTrace('slow')[0]?.pin).toMatchObject({ revision: 1, snapshot: undefined })
    expect(recorder.ofTrace('slow').map(exchangeFacts)[0]?.candidates[0]?.verdict).toBe('matched')
  })
})

/** A record of texts that are pieces of very long ones. */
function hostile(record: ExchangeRecord): ExchangeRecord {
  const long = (length: number): string => Buffer.alloc(length, 'x').toString('latin1')
  const target = long(50_000)
  record.path = `/example/${target.slice(100, 30_000)}`
  record.query = target.slice(30_000)
  record.host = target.slice(0, 500)
  record.clientAddress = target.slice(0, 100)
  record.rawHeaders = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? long(100) : long(500)))
  record.attempt = attemptOf(record, { path: target, endpoint: target.slice(0, 400) })
  if (record.failure !== undefined) record.failure = { ...record.failure, detail: target.slice(5, 40_000) }
  return record
}

/** Of the heap and outside of it, once nothing is left to be collected: what a turn refers to lives until its end. */
async function memoryHeld(): Promise<number> {
  for (let collections = 0; collections < 4; collections += 1) {
    await nextTurn()
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** A full collection, where the process was not started for one. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc !== 'function') throw new Error('there is no gc')
  Reflect.apply(gc, undefined, [])
}
