// Kubernetes Events (core/v1) on transitions of an object's condition, for `kubectl describe` and `kubectl get events`.
// They are news, not knowledge: one that cannot be written is not tried again.

import { randomBytes } from 'node:crypto'
import type { Meta } from '../resources/resource.ts'
import type { Log } from '../telemetry/log.ts'
import { type ApiClient, statusText } from './api-client.ts'
import type { StatusCondition } from './status-body.ts'
import type { WatchedKind } from './watched.ts'

const MESSAGE_LENGTH_MAX = 1024
/** As many at once, and so many a second from then on: a fault of all routes must not flood the API server. */
const BURST_MAX = 50
const EVENTS_A_SECOND = 5

export class EventRecorder {
  readonly #client: Pick<ApiClient, 'request'>
  readonly #identity: string
  readonly #log: Pick<Log, 'warn'>
  readonly #now: () => number
  #complaint = ''
  #tokens = BURST_MAX
  #filledAt: number

  /** @param now milliseconds that only go forward */
  constructor(
    client: Pick<ApiClient, 'request'>,
    identity: string,
    log: Pick<Log, 'warn'>,
    now: () => number = () => performance.now(),
  ) {
    this.#client = client
    this.#identity = identity
    this.#log = log
    this.#now = now
    this.#filledAt = now()
  }

  /** Never rejects. What goes beyond the limit is left out, which is said once. */
  async record({ kind, apiVersion }: WatchedKind, meta: Meta, condition: StatusCondition): Promise<void> {
    if (!this.#take()) return this.#complain('there are too many at once; the statuses have them all')
    const namespace = meta.namespace === '' ? 'default' : meta.namespace
    const at = new Date().toISOString()
    const answer = await this.#client.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/events`,
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `${meta.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`, namespace },
        involvedObject: {
          apiVersion,
          kind,
          name: meta.name,
          ...(meta.namespace !== '' && { namespace }),
          ...(meta.uid !== undefined && { uid: meta.uid }),
        },
        type: condition.status === 'True' ? 'Normal' : 'Warning',
        reason: condition.reason.slice(0, 128),
        message: condition.message.slice(0, MESSAGE_LENGTH_MAX),
        action: 'Compile',
        count: 1,
        firstTimestamp: at.replace(/\.\d+Z$/, 'Z'),
        lastTimestamp: at.replace(/\.\d+Z$/, 'Z'),
        eventTime: at.replace('Z', '000Z'),
        reportingComponent: 'kanali.io/gateway',
        reportingInstance: this.#identity,
        source: { component: 'kanali.io/gateway' },
      },
    })
    this.#complain(
      answer.type === 'unreachable' ? answer.why : answer.status === 201 ? '' : statusText(answer),
    )
  }

  #take(): boolean {
    const at = this.#now()
    this.#tokens = Math.min(BURST_MAX, this.#tokens + ((at - this.#filledAt) / 1000) * EVENTS_A_SECOND)
    this.#filledAt = at
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  #complain(why: string): void {
    if (why !== '' && why !== this.#complaint) this.#log.warn({ why }, 'an Event was not written')
    this.#complaint = why
  }
}
