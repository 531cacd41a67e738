// Every reason of the catalogue and every rejection is explained: what it means, whose fault, and commands without gaps.

import { describe, expect, test } from 'vitest'
import { ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { BLAMED } from '../../src/errors/document.ts'
import { rejectionOf, REJECTIONS } from '../../src/errors/rejections.ts'
import { causeOf } from '../../src/explain/cause.ts'
import { exchangeFacts } from '../../src/explain/exchange-facts.ts'
import { type ExchangeReport, reportOf } from '../../src/explain/exchange-report.ts'
import { explanationText } from '../../src/explain/explanation-text.ts'
import { FlightRecorder } from '../../src/explain/flight-recorder.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { attemptOf, exchangeRecord, failedRecord } from '../support/exchange-records.ts'

const MASK = new Mask({ maskValue: 'omitted', headerKeys: [], apiKeyHeader: 'apikey', queryAllowList: [] })

function report(record: ExchangeRecord): ExchangeReport {
  const recorder = new FlightRecorder({ exchanges: 1, failedExchanges: 1 })
  recorder.keep(record, MASK)
  const [kept] = recorder.newest()
  if (kept === undefined) throw new Error('nothing was kept')
  return reportOf(exchangeFacts(kept))
}

describe.each(ERROR_FACTS)('$reason', ({ reason, codeText: code, blame, means }) => {
  const attempted = (): ExchangeRecord => {
    const record = failedRecord(reason, {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      path: "/it's/$(id)",
    })
    if (code === '08') record.attempt = attemptOf(record, { path: "/it's/$(id)?token=s3cret", headAt: 0 })
    return record
  }

  test('is told in words', () => {
    const text = explanationText(report(attempted()))
    expect(text).toContain(`code ${code}, reason ${reason}.`)
    expect(text).toContain(means)
    expect(text).toContain(`Whose fault: ${blame} - ${BLAMED[blame]}.`)
    expect(text).not.toContain('s3cret')
  })

  test('has checks, none of them with a gap, each of them quoted', () => {
    const { checks } = report(attempted())
    expect(checks.length).toBeGreaterThan(0)
    for (const check of checks) {
      expect(check).not.toMatch(/<[A-Za-z]/)
      if (check.includes('$(id)')) expect(check).toMatch(/'[^']*\$\(id\)/)
    }
  })
})

test.each(REJECTIONS)('$reason is told as a rejection without a code', ({ reason, status }) => {
  const rejected = report(exchangeRecord({ outcome: 'rejected', status, rejection: rejectionOf(reason) }))
  expect(rejected).toMatchObject({ code: null, reason, blame: null, cause: null, checks: [] })
  expect(explanationText(rejected)).toContain(`HTTP refuses it: status ${status}, reason ${reason}.`)
})

test('a forbidden address lies in the ApiProxy that names it, which only the transport finds out', () => {
  const record = failedRecord('address_not_allowed')
  record.attempt = attemptOf(record)
  expect(report(record).cause).toMatchObject({
    kind: 'ApiProxy',
    namespace: 'application',
    name: 'example',
    field: 'spec.target.backend.endpoint',
  })
  const recorder = new FlightRecorder({ exchanges: 1, failedExchanges: 1 })
  recorder.keep(failedRecord('address_not_allowed', { route: undefined }), MASK)
  const [kept] = recorder.newest()
  expect(kept === undefined ? undefined : causeOf(exchangeFacts(kept))).toBeNull()
})
