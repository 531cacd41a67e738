// The world of every outcome keeps its word: each fact of the catalogue and each rejection can be had on request, and
// the metrics of its gateways then have each of them. Boards, alerts and runbooks are tested on this world.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'
import { Exposition } from '../support/exposition.ts'
import type { EveryOutcome } from '../support/every-outcome/every-outcome.ts'
import { OTHER_OUTCOMES } from '../support/every-outcome/outcome.ts'
import { startEveryOutcome } from '../support/every-outcome/start.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'

let sink: OtlpSink
let world: EveryOutcome

beforeAll(async () => {
  sink = await startOtlpSink()
  world = await startEveryOutcome({ otlpUrl: sink.httpUrl })
})
afterAll(async () => {
  await world?.stop()
  await sink?.stop()
})

/** What the metrics of all gateways add up to, by the values of these labels. */
async function totals(name: string, ...labels: readonly string[]): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (const target of world.targets) {
    const exposition = new Exposition(await (await fetch(`http://${target}/metrics`)).text(), 'text/plain')
    for (const sample of exposition.samples(name)) {
      const key = labels.map((label) => sample.labels[label]).join(' ')
      sums.set(key, (sums.get(key) ?? 0) + sample.value)
    }
  }
  return sums
}

describe('the world of every outcome', () => {
  test('names each outcome once', () => {
    const expected = [...ERROR_FACTS, ...REJECTIONS].map(({ reason }) => reason as string)
    expect(world.outcomes.toSorted()).toEqual([...expected, ...OTHER_OUTCOMES].toSorted())
  })

  test('produces every one of them, and the metrics have each code and reason above zero', async () => {
    const produced = await world.produceAll()
    expect(produced.map(({ outcome }) => outcome)).toEqual([...world.reasons, ...world.rejections])
    const errors = await totals('kanali_errors_total', 'code', 'reason', 'blame')
    for (const { codeText, reason, blame } of ERROR_FACTS) {
      expect(errors.get(`${codeText} ${reason} ${blame}`), reason).toBeGreaterThan(0)
    }
    const rejected = await totals('kanali_rejected_total', 'reason')
    for (const { reason } of REJECTIONS) expect(rejected.get(reason), reason).toBeGreaterThan(0)
    for (const { traceId } of produced) expect(traceId).toMatch(/^[0-9a-f]{32}$/)
  }, 60_000)

  test('can produce an outcome again and again', async () => {
    const repeated = ['connection_limit', 'overloaded_connections', 'rate_exceeded', 'shutting_down'] as const
    for (const outcome of [...repeated, ...repeated]) await world.produce(outcome)
    const traces = [await world.produce('quota_exceeded'), await world.produce('quota_exceeded')]
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(2)
  })

  test('serves good requests, and shows what is neither good nor an error', async () => {
    await world.good(20)
    for (const outcome of OTHER_OUTCOMES) await world.produce(outcome)
    const outcomes = await totals('kanali_requests_total', 'outcome')
    for (const outcome of ['ok', 'client_closed', 'error', 'rejected']) {
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(0)
    }
  })

  test('refuses an outcome that it does not know', async () => {
    await expect(world.produce('no_such_outcome' as 'ok')).rejects.toThrow(
      'nobody can produce no_such_outcome',
    )
  })
})
