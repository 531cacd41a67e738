// Writes the conditions of a snapshot to the status of the objects they are about: by server-side apply, only what
// differs from what is there, only while this replica holds the lease. It never reads a status back as an event: the
// state does not keep statuses, so that its own writes come to nothing.

import type { State } from '../events/state.ts'
import { keyOf, type Kind, type Meta } from '../resources/resource.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Log } from '../telemetry/log.ts'
import { type Answer, type ApiClient, statusText, type Unreachable } from './api-client.ts'
import { Backoff } from './backoff.ts'
import { EventRecorder } from './event-recorder.ts'
import { Lease, type LeaseTiming } from './lease.ts'
import { forEachObject } from './list-objects.ts'
import { readStatus, sameStatus, type StatusCondition, statusOf, type WrittenStatus } from './status-body.ts'
import { collectionPath, WATCHED, type WatchedKind } from './watched.ts'

export interface StatusWriterOptions {
  readonly client: Pick<ApiClient, 'request'>
  /** Namespace of the lease. */
  readonly leaseNamespace: string
  /** Namespaces whose objects are written; empty: all. */
  readonly namespaces: readonly string[]
  /** Unique among replicas. */
  readonly identity: string
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly leaseTiming?: Partial<LeaseTiming>
  /** When what was refused is tried again; default a minute. */
  readonly refusedRetryMs?: number
}

/** The part of a publication that is written from. */
export interface Published {
  readonly snapshot: Snapshot
  readonly state: State
}

const LEASE = 'kanali-status'
const WRITES_AT_ONCE = 8
const REFUSED_RETRY_MS = 60_000
/** Kinds that have a status of ours. */
const KINDS: readonly WatchedKind[] = WATCHED.filter(({ apiVersion }) => apiVersion === 'kanali.io/v2')

/** A status and whose it is: an object of the same name that came later has none yet. */
interface Remembered {
  readonly uid: string | undefined
  readonly status: WrittenStatus
}

/** What became of one write. */
type Written = 'done' | 'again'

export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #lease: Lease
  readonly #events: EventRecorder
  readonly #backoff = new Backoff({ leastMs: 500, mostMs: 30_000 })
  /** By key; known while the lease is held, and at most one for each known object. */
  readonly #written = new Map<string, Remembered>()
  readonly #dirty = new Set<string>()
  /** May not be written: rights can change, and others must not wait for them. */
  readonly #refused = new Set<string>()
  #refusedTimer: NodeJS.Timeout | undefined
  #latest: Published | undefined
  #adopted = false
  #pumping = false
  #complaint = ''
  #wait: { readonly timer: NodeJS.Timeout; readonly done: () => void } | undefined

  constructor(options: StatusWriterOptions) {
    this.#options = options
    const { client, identity, log } = options
    this.#events = new EventRecorder(client, identity, log)
    this.#lease = new Lease({
      client,
      namespace: options.leaseNamespace,
      name: LEASE,
      identity,
      log,
      onChange: (holds) => this.#changed(holds),
      ...(options.leaseTiming !== undefined && { timing: options.leaseTiming }),
    })
  }

  /** To be called after each swap of the snapshot. */
  published({ snapshot, state }: Published): void {
    const first = this.#latest === undefined
    this.#latest = { snapshot, state }
    if (first) this.#lease.start()
    if (!this.#adopted) return
    for (const key of snapshot.changes.affected) this.#dirty.add(key)
    void this.#pump()
  }

  async stop(): Promise<void> {
    this.#forget()
    this.#latest = undefined
    await this.#lease.stop()
  }

  #changed(holds: boolean): void {
    if (holds) void this.#pump()
    else this.#forget()
  }

  #forget(): void {
    this.#adopted = false
    this.#written.clear()
    this.#dirty.clear()
    this.#refused.clear()
    clearTimeout(this.#refusedTimer)
    this.#refusedTimer = undefined
    clearTimeout(this.#wait?.timer)
    this.#wait?.done()
  }

  /** One at a time; ends when there is nothing to write. */
  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#lease.holds && this.#latest !== undefined) {
      if (!this.#adopted) {
        this.#adopted = await this.#adopt()
        if (!this.#adopted) await this.#pause()
        continue
      }
      const keys = [...take(this.#dirty, WRITES_AT_ONCE)]
      if (keys.length === 0) break
      const results = await Promise.all(keys.map((key) => this.#write(key)))
      if (!results.includes('again')) this.#backoff.reset()
      else await this.#pause()
    }
    this.#pumping = false
  }

  /** Learns what is written already, so that a takeover writes only what differs and keeps the times of transitions. */
  async #adopt(): Promise<boolean> {
    const { client, namespaces } = this.#options
    for (const watched of KINDS) {
      const scopes = watched.namespaced && namespaces.length > 0 ? namespaces : [undefined]
      for (const scope of scopes) {
        const path = collectionPath(watched, scope)
        const unwalked = await forEachObject(client, path, (object, { namespace, name, uid }) => {
          const status = readStatus(object)
          if (status !== undefined) this.#written.set(keyOf(watched.kind, namespace, name), { uid, status })
        })
        // What may not be listed is not known either: there will be nothing of it to write.
        if (unwalked === undefined || unwalked.refused) continue
        this.#complain(unwalked.why)
        return false
      }
    }
    for (const { kind } of KINDS) {
      for (const key of this.#latest?.state.kinds[kind].objects.keys() ?? []) this.#dirty.add(key)
    }
    return this.#lease.holds
  }

  async #write(key: string): Promise<Written> {
    const found = this.#find(key)
    if (found === undefined) {
      this.#written.delete(key)
      return 'done'
    }
    const { watched, meta, snapshot } = found
    const before = this.#before(key, meta.uid)
    const status = statusOf(
      snapshot.conditionsOf(key),
      before,
      new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    )
    if (before === undefined && status.conditions.length === 0) return 'done'
    if (sameStatus(status, before)) return 'done'
    const answer = await this.#apply(watched, meta, status)
    if (answer.type === 'unreachable') return this.#again(key, answer.why)
    if (answer.status === 429 || answer.status >= 500) return this.#again(key, statusText(answer))
    // Gone, or another object of that name: its own event is on the way.
    if (answer.status === 404 || answer.status === 409) return 'done'
    if (answer.status !== 200) {
      this.#complain(statusText(answer))
      if (answer.status === 401 || answer.status === 403) this.#retryLater(key)
      return 'done'
    }
    this.#written.set(key, { uid: meta.uid, status })
    const transition = transitionOf(before, status)
    if (transition !== undefined) await this.#events.record(watched, meta, transition)
    return 'done'
  }

  #before(key: string, uid: string | undefined): WrittenStatus | undefined {
    const remembered = this.#written.get(key)
    return remembered?.uid === uid ? remembered?.status : undefined
  }

  #find(key: string) {
    if (this.#latest === undefined) return undefined
    const { snapshot, state } = this.#latest
    const kind = key.slice(0, key.indexOf('/')) as Kind
    const watched = KINDS.find((candidate) => candidate.kind === kind)
    const meta = watched === undefined ? undefined : state.kinds[kind].objects.get(key)?.resource.meta
    return watched === undefined || meta === undefined ? undefined : { watched, meta, snapshot }
  }

  #apply(watched: WatchedKind, meta: Meta, status: WrittenStatus): Promise<Answer | Unreachable> {
    const { kind, apiVersion, namespaced } = watched
    const { namespace, name, uid } = meta
    return this.#options.client.request({
      method: 'PATCH',
      path: `${collectionPath(watched, namespaced ? namespace : undefined)}/${name}/status`,
      query: { fieldManager: 'kanali', force: true },
      contentType: 'application/apply-patch+yaml',
      body: {
        apiVersion,
        kind,
        metadata: { name, ...(namespaced && { namespace }), ...(uid !== undefined && { uid }) },
        status: status.conditions.length === 0 ? {} : status,
      },
    })
  }

  #again(key: string, why: string): Written {
    this.#dirty.add(key)
    this.#complain(why)
    return 'again'
  }

  #retryLater(key: string): void {
    this.#refused.add(key)
    this.#refusedTimer ??= setTimeout(() => {
      this.#refusedTimer = undefined
      for (const refused of this.#refused) this.#dirty.add(refused)
      this.#refused.clear()
      void this.#pump()
    }, this.#options.refusedRetryMs ?? REFUSED_RETRY_MS)
  }

  #complain(why: string): void {
    if (why !== this.#complaint) this.#options.log.warn({ why }, 'statuses cannot be written')
    this.#complaint = why
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wait = { timer: setTimeout(resolve, this.#backoff.next()), done: resolve }
    })
  }
}

/** What is worth an Event: another reason than before; of a first status only a bad one. */
function transitionOf(before: WrittenStatus | undefined, after: WrittenStatus): StatusCondition | undefined {
  const now = summary(after)
  const was = before === undefined ? undefined : summary(before)
  if (now === undefined || now.reason === was?.reason) return undefined
  return was === undefined && now.status === 'True' ? undefined : now
}

function summary({ conditions }: WrittenStatus): StatusCondition | undefined {
  return conditions.find(({ type }) => type === 'Ready') ?? conditions[0]
}

function* take(from: Set<string>, count: number): Generator<string> {
  for (const key of from) {
    if (count-- === 0) return
    from.delete(key)
    yield key
  }
}
