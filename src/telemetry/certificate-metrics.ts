// When certificates end: those that the gateway serves, and those that it holds for upstreams, one series each. What ends
// first keeps its name; beyond the limit of series the rest shares one for each use, with the earliest end of it.
// It must never see more of a Secret than its facts.

import type { Entry } from '../events/state.ts'
import { type Family, gauge, type Sample } from './exposition.ts'
import { METRIC, OVERFLOW } from './names.ts'

/** Most series, those that others share among them. */
export const CERTIFICATE_SERIES_MAX = 1000

const USES = ['listener', 'upstream'] as const

/** A certificate, or a chain, and when it first stops being good. */
export interface CertificateEnd {
  /** A file's path, or the Secret's name. */
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly endsAt: number
}

interface HeldCertificate extends CertificateEnd {
  readonly use: (typeof USES)[number]
  readonly namespace: string
}

interface Secrets {
  values(): Iterable<Entry>
}

export class CertificateMetrics {
  readonly #served: () => readonly CertificateEnd[]
  readonly #max: number
  #secrets: Secrets | undefined
  #read: Secrets | undefined
  #held: readonly HeldCertificate[] = []

  /** @param served those of the listeners, asked for at each scrape */
  constructor(served: () => readonly CertificateEnd[], max = CERTIFICATE_SERIES_MAX) {
    this.#served = served
    this.#max = max
  }

  /** Takes the Secrets that are known now; they are looked at when a scrape comes. */
  observeSecrets(secrets: Secrets): void {
    this.#secrets = secrets
  }

  family(): Family {
    return gauge(
      METRIC.certificateNotAfter,
      'When certificates end, in seconds since the epoch: the earliest of a chain.',
      () => this.samples(),
    )
  }

  samples(): Sample[] {
    const served = this.#served().map(
      ({ name, endsAt }): HeldCertificate => ({
        use: 'listener',
        namespace: '',
        name,
        endsAt,
      }),
    )
    const all = [...served, ...this.#ofSecrets()]
    if (all.length <= this.#max) return all.map(sampleOf)
    all.sort((a, b) => a.endsAt - b.endsAt)
    const named = all.slice(0, this.#max - USES.length)
    return [...named, ...sharedBy(all.slice(named.length))].map(sampleOf)
  }

  #ofSecrets(): readonly HeldCertificate[] {
    if (this.#read === this.#secrets) return this.#held
    this.#read = this.#secrets
    const held: HeldCertificate[] = []
    for (const { resource } of this.#secrets?.values() ?? []) {
      if (!('tls' in resource) || resource.tls.notAfter === undefined) continue
      const { namespace, name } = resource.meta
      held.push({ use: 'upstream', namespace, name, endsAt: Date.parse(resource.tls.notAfter) })
    }
    this.#held = held
    return held
  }
}

/** The first of each use, under the name that stands for all of them. */
function sharedBy(sorted: readonly HeldCertificate[]): HeldCertificate[] {
  return USES.flatMap((use) => {
    const first = sorted.find((each) => each.use === use)
    return first === undefined ? [] : [{ ...first, namespace: OVERFLOW, name: OVERFLOW }]
  })
}

function sampleOf({ use, namespace, name, endsAt }: HeldCertificate): Sample {
  return { labels: { use, namespace, name }, value: endsAt / 1000 }
}
