import { Map } from 'immutable'
import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/events/state.ts'
import { CERTIFICATE_SERIES_MAX, CertificateMetrics } from '../../src/telemetry/certificate-metrics.ts'
import { metaOf } from '../support/records.ts'

const START = Date.UTC(2030, 0, 1)
const PART = { state: 'absent', dataKey: '' } as const

/** So many Secrets, each of which ends a second later than the one before. */
function secrets(count: number): Map<string, Entry> {
  return Map(
    Array.from({ length: count }, (_, index): [string, Entry] => {
      const notAfter = new Date(START + index * 1000).toISOString()
      const tls = { certificate: PART, key: PART, ca: PART, pairFits: true, notAfter }
      const meta = metaOf('shop', `tls-${index}`)
      return [meta.name, { resource: { kind: 'Secret', meta, enabled: true, tls }, digest: 0n }]
    }),
  )
}

function served(count: number): { name: string; endsAt: number }[] {
  return Array.from({ length: count }, (_, index) => ({ name: `/tls/${index}.crt`, endsAt: START + index }))
}

function samplesOf(files: number, count: number) {
  const metrics = new CertificateMetrics(() => served(files))
  metrics.observeSecrets(secrets(count))
  return metrics.samples()
}

describe('certificates as metrics', () => {
  test('have a series each, up to the limit', () => {
    const samples = samplesOf(1, CERTIFICATE_SERIES_MAX - 1)
    expect(samples).toHaveLength(CERTIFICATE_SERIES_MAX)
    expect(samples.filter(({ labels }) => labels['name'] === '_other')).toEqual([])
    expect(samples).toContainEqual({
      labels: { use: 'upstream', namespace: 'shop', name: 'tls-7' },
      value: START / 1000 + 7,
    })
  })

  test('share a series a use beyond it, and those that end first keep their names', () => {
    const samples = samplesOf(1, CERTIFICATE_SERIES_MAX)
    expect(samples.length).toBeLessThanOrEqual(CERTIFICATE_SERIES_MAX)
    const names = samples.map(({ labels }) => labels['name'])
    expect(names.slice(0, 3)).toEqual(['/tls/0.crt', 'tls-0', 'tls-1'])
    expect(samples.at(-1)).toEqual({
      labels: { use: 'upstream', namespace: '_other', name: '_other' },
      value: START / 1000 + CERTIFICATE_SERIES_MAX - 3,
    })
  })

  test('stay within it however many there are of both uses', () => {
    const samples = samplesOf(2000, 20_000)
    expect(samples.length).toBeLessThanOrEqual(CERTIFICATE_SERIES_MAX)
    const shared = samples.filter(({ labels }) => labels['name'] === '_other')
    expect(shared.map(({ labels }) => labels['use'])).toEqual(['listener', 'upstream'])
  })

  test('are told of none where no Secret is known', () => {
    expect(new CertificateMetrics(() => []).samples()).toEqual([])
  })
})
