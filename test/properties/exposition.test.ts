// What a scrape gets is, character by character, what prom-client would have written of the same families: whatever
// their names, texts, numbers and exemplars, and however they are cut into readings.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expositionPieces } from '../../src/telemetry/exposition-pages.ts'
import { type Family, gauge, type Labels, one, type Sample } from '../../src/telemetry/exposition.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { pageOf, promClientPage, samplesOf } from '../support/scrape-page.ts'

const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\\', '"', '\n', '\r', 'n', ' ', '{', '}', '=', ',', '#', 'é', '\u2028', '😀'),
  }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.array(fc.nat(0xffff), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
)
const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    1e21,
    1e-7,
    5e-324,
    1.7976931348623157e308,
    0.1,
    2 ** 53,
    Infinity,
    -Infinity,
  ),
  fc.double({ noNaN: true }),
  fc.integer(),
)
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((name) => name !== '__proto__')
const labels: fc.Arbitrary<Labels> = fc.dictionary(labelName, fc.oneof(text, number), { maxKeys: 4 })
const exemplar = fc.record({
  labelSet: fc.dictionary(labelName, text, { maxKeys: 2 }),
  value: number,
  timestamp: fc.double({ min: 0, max: 4e9, noNaN: true }),
})

/** Without the names that stand in the shared ones: no name stands in both. */
function apart(own: Labels, shared: Labels): Labels {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !Object.hasOwn(shared, name)))
}

const familyOf = (index: number): fc.Arbitrary<Family> =>
  fc
    .record({
      type: fc.constantFrom('counter', 'gauge', 'histogram', 'summary'),
      name: fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/),
      help: text,
      shared: fc.option(labels, { nil: undefined }),
      readings: fc.array(
        fc.record({
          isAsked: fc.boolean(),
          samples: fc.array(
            fc.record({
              own: labels,
              isShared: fc.boolean(),
              value: number,
              suffix: fc.constantFrom(undefined, '_bucket', '_sum', '_count'),
              exemplar: fc.option(exemplar, { nil: undefined }),
            }),
            { maxLength: 4 },
          ),
        }),
        { maxLength: 5 },
      ),
    })
    .map(({ type, name: stem, help, shared, readings }) => {
      const name = `${stem}_${index}${type === 'counter' ? '_total' : ''}`
      const all = readings.map(({ isAsked, samples }) => {
        const reading = samples.map(({ own, isShared, value, suffix, exemplar }): Sample => {
          const sharedLabels = isShared ? shared : undefined
          const named = suffix !== undefined && type !== 'counter' ? { metricName: name + suffix } : {}
          return { ...named, labels: apart(own, sharedLabels ?? {}), sharedLabels, value, exemplar }
        })
        return isAsked ? Promise.resolve(reading) : reading
      })
      return { name, help, type, readings: () => all }
    })

describe.each(['text', 'openmetrics'] as const)('a page in %s', (format) => {
  test('is what prom-client writes of the same families', async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(familyOf(0), familyOf(1), familyOf(2)), async (families) => {
        const ours = await pageOf(expositionPieces(families, format))
        // What is no Unicode becomes U+FFFD in bytes.
        expect(ours).toBe((await promClientPage(families, format)).toWellFormed())
      }),
      { numRuns: 300 },
    )
  })

  test('has NaN as both formats spell it, where prom-client writes Nan', async () => {
    const family = gauge('odd', 'Odd.', () => one(NaN))
    expect(await pageOf(expositionPieces([family], format))).toContain('\nodd NaN\n')
  })

  test('of the gateway is what prom-client writes of its families', async () => {
    const vitals = { ready: () => true, downstreamConnections: () => 3, upstreamConnections: () => 0 }
    const metrics = new Metrics({
      version: '"1\\2"',
      source: 'directory',
      vitals,
      servedCertificates: () => [],
    })
    const still = await Promise.all(
      metrics.families.map(async (family): Promise<Family> => {
        const samples = await samplesOf(family)
        const { name, help, type } = family
        return { name, help, type, readings: () => [samples] }
      }),
    )
    const theirs = await promClientPage(still, format)
    expect(await pageOf(expositionPieces(still, format))).toBe(theirs.replaceAll(' Nan\n', ' NaN\n'))
  })
})
