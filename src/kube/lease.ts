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
  #running: Promise<void> = Promise.resolve()
  #stopped = false
  #refused = false
  #complaint = ''

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#timing = { ...TIMING, ...options.timing }
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`
  }

  get holds(): boolean {
    return this.#holds
  }

  start(): void {
    this.#running = this.#turn()
  }

  /** Gives the lease back, so that another replica takes over at once. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
    if (!this.#holds) return
    this.#change(false)
    const found = await this.#read()
    if (found?.holder === this.#options.identity) await this.#write(found.body, '')
  }

  async #turn(): Promise<void> {
    await this.#attempt()
    if (this.#holds && performance.now() - this.#renewedAt > this.#timing.durationMs * GIVE_UP_AT) {
      this.#options.log.warn({}, 'the lease could not be renewed: another replica may take over')
      this.#change(false)
    }
    if (this.#stopped) return
    const waitMs = this.#refused ? REFUSED_EVERY_MS : this.#timing.everyMs
    this.#timer = setTimeout(() => {
      this.#running = this.#turn()
    }, waitMs)
  }

  async #attempt(): Promise<void> {
    this.#refused = false
    const from = performance.now()
    const found = await this.#read()
    if (found === undefined) return
    const { identity } = this.#options
    if (found.holder !== '' && found.holder !== identity && !this.#isAbandoned(found)) {
      if (this.#holds) this.#change(false)
      return
    }
    if (!(await this.#write(found.body, identity))) return
    this.#renewedAt = from
    if (!this.#holds) this.#change(true)
  }

  /** By our own clock: how long ago its renewal was last seen to change. */
  #isAbandoned({ mark }: Found): boolean {
    const at = performance.now()
    if (this.#seen?.mark !== mark) this.#seen = { mark, at }
    return at - this.#seen.at >= this.#timing.durationMs
  }

  /** Undefined where the server could not be asked, or refuses. */
  async #read(): Promise<Found | undefined> {
    const { client, name } = this.#options
    const answer = await client.request({ method: 'GET', path: `${this.#path}/${name}` })
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
  async #write(before: unknown, holder: string): Promise<boolean> {
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
        ? await client.request({ method: 'POST', path: this.#path, body })
        : await client.request({ method: 'PUT', path: `${this.#path}/${name}`, body }),
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
    if (why === this.#complaint) return
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
