// One holder among replicas, by a Lease of coordination.k8s.io/v1, as client-go's leader election does it: who holds it
// renews it, who does not watches whether it is renewed, by his own clock alone. Two may never write; so a holder that
// could not renew for a while stops before the others may take over.

import { isRecord, ownField } from '../resources/fields.ts'
import type { Log } from '../telemetry/log.ts'
import { type Answer, type ApiClient, statusText } from './api-client.ts'

export interface LeaseOptions {
  readonly client: Pick<ApiClient, 'request'>
  readonly namespace: string
  readonly name: string
  /** Unique among replicas. */
  readonly identity: string
  /** Called when this replica becomes the holder, and when it is no longer. */
  readonly onChange: (holds: boolean) => void
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly timing?: Partial<LeaseTiming>
}

export interface LeaseTiming {
  /** A lease that is not renewed for so long may be taken. */
  readonly durationMs: number
  /** Between two attempts to renew or to take it. */
  readonly everyMs: number
}

const TIMING: LeaseTiming = { durationMs: 10_000, everyMs: 2_000 }
/** Between two attempts where the server does not let us: rights change rarely. */
const REFUSED_EVERY_MS = 30_000
/** Part of the duration after which a holder that could not renew stops. */
const GIVE_UP_AT = 0.7
/** Part of the duration that one request may take. */
const REQUEST_AT = 0.4
/** For each of the two requests that give it back. */
const GIVE_BACK_MS = 2_000

/** What was seen of the lease, and when its renewal was last seen to change (`performance.now()`). */
interface Seen {
  readonly mark: string
  readonly at: number
}

export class Lease {
  readonly #options: LeaseOptions
  readonly #timing: LeaseTiming
  readonly #path: string
  #holds = false
  #renewedAt = 0
  #seen: Seen | undefined
  #timer: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #refused = false
  #complaint = ''

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#timing = { ...TIMING, ...options.timing }
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`
  }

  /** By the clock of now: of a process that stood still meanwhile no timer has told yet. */
  get holds(): boolean {
    return this.#holds && this.#leftMs() > 0
  }

  start(): void {
    this.#running = this.#turn()
  }

  /** Gives the lease back, so that another replica takes over at once. Takes seconds at most, whatever the server does. */
  async stop(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#running
    if (!this.#holds) return
    this.#change(false)
    const found = await this.#read(AbortSignal.timeout(GIVE_BACK_MS))
    if (found?.holder !== this.#options.identity) return
    await this.#write(found.body, '', AbortSignal.timeout(GIVE_BACK_MS))
  }

  async #turn(): Promise<void> {
    await this.#attempt()
    if (this.#stop.signal.aborted) return
    const waitMs = this.#refused ? REFUSED_EVERY_MS : this.#timing.everyMs
    this.#timer = setTimeout(() => {
      this.#running = this.#turn()
    }, waitMs)
  }

  async #attempt(): Promise<void> {
    this.#refused = false
    const from = performance.now()
    const found = await this.#read(this.#limit())
    if (found === undefined) return
    const { identity } = this.#options
    if (found.holder !== '' && found.holder !== identity && !this.#isAbandoned(found)) {
      if (this.#holds) this.#change(false)
      return
    }
    if (!(await this.#write(found.body, identity, this.#limit()))) return
    this.#renewedAt = from
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => this.#expire(), Math.max(0, this.#leftMs()))
    // A write that took its time may be over before it is known.
    if (!this.#holds && this.#leftMs() > 0) this.#change(true)
  }

  /** No answer is waited for: a server that says nothing must not keep a holder in office. */
  #expire(): void {
    if (!this.#holds) return
    this.#options.log.warn({}, 'the lease could not be renewed: another replica may take over')
    this.#change(false)
  }

  /** How long it is still ours for sure. */
  #leftMs(): number {
    return this.#renewedAt + this.#timing.durationMs * GIVE_UP_AT - performance.now()
  }

  #limit(): AbortSignal {
    const inTime = AbortSignal.timeout(this.#timing.durationMs * REQUEST_AT)
    return AbortSignal.any([this.#stop.signal, inTime])
  }

  /** By our own clock: how long ago its renewal was last seen to change. */
  #isAbandoned({ mark }: Found): boolean {
    const at = performance.now()
    if (this.#seen?.mark !== mark) this.#seen = { mark, at }
    return at - this.#seen.at >= this.#timing.durationMs
  }

  /** Undefined where the server could not be asked, or refuses. */
  async #read(signal: AbortSignal): Promise<Found | undefined> {
    const { client, name } = this.#options
    const answer = await client.request({ method: 'GET', path: `${this.#path}/${name}`, signal })
    if (answer.type === 'unreachable') return this.#complain(answer.why)
    if (answer.status === 404) return { body: undefined, holder: '', mark: '' }
    if (answer.status !== 200) return this.#complain(statusText(answer), answer.status)
    const spec = isRecord(answer.body) ? ownField(answer.body, 'spec') : undefined
    const holder = isRecord(spec) ? ownField(spec, 'holderIdentity') : undefined
    const renewed = isRecord(spec) ? ownField(spec, 'renewTime') : undefined
    return {
      body: answer.body,
      holder: typeof holder === 'string' ? holder : '',
      mark: `${String(holder)} ${String(renewed)}`,
    }
  }

  /** Only over the version that was read: of two who take it at once, one gets 409. */
  async #write(before: unknown, holder: string, signal: AbortSignal): Promise<boolean> {
    const { client, name, namespace } = this.#options
    const metadata = isRecord(before) ? ownField(before, 'metadata') : undefined
    const resourceVersion = isRecord(metadata) ? ownField(metadata, 'resourceVersion') : undefined
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace, ...(resourceVersion !== undefined && { resourceVersion }) },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: Math.max(1, Math.round(this.#timing.durationMs / 1000)),
        renewTime: microTime(),
        ...this.#acquisition(before, holder),
      },
    }
    const answer: Answer | undefined = known(
      before === undefined
        ? await client.request({ method: 'POST', path: this.#path, body, signal })
        : await client.request({ method: 'PUT', path: `${this.#path}/${name}`, body, signal }),
    )
    if (answer === undefined) return false
    if (answer.status === 200 || answer.status === 201) {
      this.#complaint = ''
      return true
    }
    if (answer.status !== 409) this.#complain(statusText(answer), answer.status)
    return false
  }

  #acquisition(before: unknown, holder: string): object {
    const spec = isRecord(before) ? ownField(before, 'spec') : undefined
    const transitions = isRecord(spec) ? Number(ownField(spec, 'leaseTransitions') ?? 0) : 0
    const acquired = isRecord(spec) ? ownField(spec, 'acquireTime') : undefined
    const same = isRecord(spec) && ownField(spec, 'holderIdentity') === holder
    return same && acquired !== undefined
      ? { acquireTime: acquired, leaseTransitions: transitions }
      : { acquireTime: microTime(), leaseTransitions: isRecord(before) ? transitions + 1 : 0 }
  }

  #change(holds: boolean): void {
    this.#holds = holds
    if (!holds) clearTimeout(this.#expiry)
    const { log, name, namespace, identity, onChange } = this.#options
    log.info(
      { lease: `${namespace}/${name}`, identity },
      holds ? 'this replica writes statuses' : 'this replica no longer writes statuses',
    )
    onChange(holds)
  }

  /** Each cause once: a Role that is missing is not worth a line every two seconds. */
  #complain(why: string, status = 0): undefined {
    this.#refused = status === 401 || status === 403
    if (why === this.#complaint || this.#stop.signal.aborted) return
    this.#complaint = why
    const { log, name, namespace } = this.#options
    log.warn({ lease: `${namespace}/${name}`, why }, 'the lease for writing statuses is not to be had')
  }
}

interface Found {
  /** Undefined where there is no lease yet. */
  readonly body: unknown
  readonly holder: string
  readonly mark: string
}

function known(answer: Awaited<ReturnType<ApiClient['request']>>): Answer | undefined {
  return answer.type === 'answer' ? answer : undefined
}

/** meta/v1 MicroTime. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
