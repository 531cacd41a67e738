// Whether this process should live and whether it should get traffic, with the reasons as data.
// It only reads what it is given; it never probes, waits or changes anything.

import type { KindStatus } from '../events/event.ts'
import { KINDS, type Kind } from '../resources/resource.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

export interface HealthReason {
  readonly component:
    | 'snapshot'
    | 'source'
    | 'listener'
    | 'process'
    | 'watchdog'
    | 'keys'
    | 'journal'
    | 'workers'
  /** snake_case, from a closed list. */
  readonly reason:
    | 'no_snapshot'
    | 'kind_pending'
    | 'kind_refused'
    | 'source_stale'
    | 'listener_closed'
    | 'draining'
    | 'keys_pending'
    | 'decryption_key_unusable'
    | 'event_loop_blocked'
    | 'journal_failing'
    | 'workers_missing'
    | 'workers_restarting'
    | 'workers_disagree'
  readonly message: string
  /** False: said, but traffic is still wanted (the answer is 200). */
  readonly fatal: boolean
}

interface Identity {
  readonly status: 'ok' | 'degraded' | 'failed'
  readonly revision: number
  readonly hash: string
  readonly reasons: readonly HealthReason[]
}

export type Readiness = Identity & { readonly ready: boolean }
export type Liveness = Identity & { readonly live: boolean }

/** All are asked at each probe. */
export interface HealthInputs {
  current(): Snapshot
  /** Every port that carries traffic is open. */
  listening(): boolean
  /** A shutdown has begun. */
  draining(): boolean
  /** What holds, or has just held, the event loop for too long; undefined where nothing does. */
  blocked(): string | undefined
  /** What is wrong with the private key of api keys, and whether all that was there at the start is decrypted. */
  keys(): { readonly problem: string | undefined; readonly drained: boolean }
  /** Why the journal cannot be written; undefined where it is, or there is none. */
  journalFailing?(): string | undefined
  /** How the processes do that serve; absent where this one does. @param hash of the live snapshot */
  workers?: ((hash: string) => WorkersHealth) | undefined
}

export interface WorkersHealth {
  /** How many do not serve. */
  readonly missing: number
  /** They end so often that a person should look. */
  readonly restarting: boolean
  /** Those that have the revision that is live, and made another content of it. */
  readonly disagreeing: readonly number[]
}

export class Health {
  readonly #inputs: HealthInputs

  constructor(inputs: HealthInputs) {
    this.#inputs = inputs
  }

  /** For `/readyz`: ready as soon as a snapshot is live and the listeners are open, and until a drain begins. */
  readiness(): Readiness {
    const snapshot = this.#inputs.current()
    const reasons = [
      ...this.#process(),
      ...ofSnapshot(snapshot),
      ...this.#keys(snapshot),
      ...this.#journal(),
      ...this.#workers(snapshot),
    ]
    return { ready: !reasons.some(({ fatal }) => fatal), ...identityOf(snapshot, reasons) }
  }

  /** For `/healthz`: fails only where a restart would help, so never for what the source or the configuration lacks. */
  liveness(): Liveness {
    const reasons = this.#watchdog()
    return { live: reasons.length === 0, ...identityOf(this.#inputs.current(), reasons) }
  }

  #process(): HealthReason[] {
    const reasons = this.#watchdog()
    if (this.#inputs.draining()) {
      reasons.push(
        fatal('process', 'draining', 'This process is shutting down; requests in flight are finished.'),
      )
    } else if (!this.#inputs.listening()) {
      reasons.push(fatal('listener', 'listener_closed', 'The gateway does not listen for requests yet.'))
    }
    return reasons
  }

  /** A replica that cannot tell keys apart yet would refuse clients whom the others serve. */
  #keys({ keys }: Snapshot): HealthReason[] {
    const { problem, drained } = this.#inputs.keys()
    const reasons: HealthReason[] = []
    const { pending } = keys.counts
    if (pending > 0 && keys.keyId !== '') {
      const message = `${pending} revisions of ApiKeys are still to be decrypted; requests with such a key are answered with code 13.`
      reasons.push({ component: 'keys', reason: 'keys_pending', message, fatal: !drained })
    }
    if (problem !== undefined) {
      reasons.push({ component: 'keys', reason: 'decryption_key_unusable', message: problem, fatal: false })
    }
    return reasons
  }

  /** Requests go on without it: what is lost is what could be looked at later. */
  #journal(): HealthReason[] {
    const why = this.#inputs.journalFailing?.()
    if (why === undefined) return []
    const message = `The journal cannot be written (${why}): changes of configuration are not recorded.`
    return [{ component: 'journal', reason: 'journal_failing', message, fatal: false }]
  }

  /** One that serves is enough to be ready: with none, the listener is closed. */
  #workers({ hash }: Snapshot): HealthReason[] {
    if (this.#inputs.draining()) return []
    const { missing, restarting, disagreeing } = this.#inputs.workers?.(hash) ?? NO_WORKERS
    const said: (readonly [boolean, HealthReason['reason'], string])[] = [
      [missing > 0, 'workers_missing', `${missing} workers do not serve: they are starting, or about to.`],
      [restarting, 'workers_restarting', 'Workers end and are replaced again and again; the log says why.'],
      [
        disagreeing.length > 0,
        'workers_disagree',
        `Workers ${disagreeing.join(', ')} have another hash than ${hash} for the same revision.`,
      ],
    ]
    return said.flatMap(([holds, reason, message]) =>
      holds ? [{ component: 'workers' as const, reason, message, fatal: false }] : [],
    )
  }

  #watchdog(): HealthReason[] {
    const what = this.#inputs.blocked()
    return what === undefined ? [] : [fatal('watchdog', 'event_loop_blocked', what)]
  }
}

const NO_WORKERS: WorkersHealth = { missing: 0, restarting: false, disagreeing: [] }

// A gateway that serves what it last knew is worth more than none, and a source that fails does so for all replicas
// at once: what the source lacks therefore degrades readiness and never takes it away.
function ofSnapshot(snapshot: Snapshot): HealthReason[] {
  if (snapshot.revision === 0) {
    return [fatal('snapshot', 'no_snapshot', 'No snapshot is live yet: the source has not been heard out.')]
  }
  const reasons: HealthReason[] = []
  for (const kind of KINDS) {
    const said = ofKind(kind, snapshot.kinds[kind])
    if (said !== undefined) reasons.push(said)
  }
  for (const { kind, namespace } of snapshot.refusals) {
    const message = `${kind}: the source does not let the gateway list this kind in namespace ${namespace}.${effectOf(kind)}`
    reasons.push({ component: 'source', reason: 'kind_refused', message, fatal: false })
  }
  if (snapshot.staleSince !== undefined) {
    const since = new Date(snapshot.staleSince).toISOString()
    const message = `The source has not been heard since ${since}; the last known state is served.`
    reasons.push({ component: 'source', reason: 'source_stale', message, fatal: false })
  }
  return reasons
}

function ofKind(kind: Kind, status: KindStatus): HealthReason | undefined {
  const effect = effectOf(kind)
  if (status === 'pending' || status === 'overdue') {
    const message = `${kind}: nothing has been heard of this kind yet.${effect}`
    return { component: 'source', reason: 'kind_pending', message, fatal: false }
  }
  if (status === 'refused') {
    const message = `${kind}: the source does not let the gateway list this kind.${effect}`
    // Without ApiProxies every answer would be a 404: another replica may know better.
    return { component: 'source', reason: 'kind_refused', message, fatal: kind === 'ApiProxy' }
  }
  return undefined
}

function effectOf(kind: Kind): string {
  const code = CODES[kind]
  return code === undefined ? '' : ` Routes that need one answer with code ${code}.`
}

const CODES: Readonly<Partial<Record<Kind, string>>> = { Service: '09', Secret: '06' }

function fatal(
  component: HealthReason['component'],
  reason: HealthReason['reason'],
  message: string,
): HealthReason {
  return { component, reason, message, fatal: true }
}

function identityOf({ revision, hash }: Snapshot, reasons: readonly HealthReason[]): Identity {
  const failed = reasons.some((reason) => reason.fatal)
  const status = failed ? 'failed' : reasons.length > 0 ? 'degraded' : 'ok'
  return { status, revision, hash, reasons }
}
