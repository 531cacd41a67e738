// The workers of a gateway, as the primary has them: started, told everything that happens, replaced where one ends, asked
// for what they know, and drained. The primary keeps what is shared: sources, state, limits, outputs. It serves nothing.

import { createServer } from 'node:net'
import type { Answer } from '../admin/answer.ts'
import type { FleetView, WorkerAnswer, WorkerView } from '../admin/fleet-view.ts'
import type { WorkersHealth } from '../admin/health.ts'
import type { Options } from '../config/options.ts'
import type { ResourceEvent } from '../events/event.ts'
import type { GuardKnowledge } from '../plugins/guard-set.ts'
import type { LimitObserver } from '../plugins/limits/limit-observer.ts'
import { MemoryLimiter } from '../plugins/limits/memory-limiter.ts'
import type { Publication } from '../pipeline.ts'
import { listen } from '../proxy/listen.ts'
import type { Vault } from '../resources/vault.ts'
import type { BatchSpan } from '../telemetry/batch-links.ts'
import type { Log } from '../telemetry/log.ts'
import type { OtherProcesses } from '../telemetry/metrics.ts'
import { Feed } from './feed.ts'
import { type FamilySamples, FleetSamples } from './fleet-samples.ts'
import type { FromWorker, Question, WorkerStart } from './messages.ts'
import { answerTakes } from './primary-store.ts'
import { UNANSWERED } from './question-desk.ts'
import { RestartPace } from './restart-pace.ts'
import { ShareLedger } from './share-ledger.ts'
import { WorkerMetrics } from './worker-metrics.ts'
import {
  type EndedWorker,
  WORKER_LIMITS,
  type WorkerLimits,
  WorkerProcess,
  type WriteLines,
} from './worker-process.ts'

export interface FleetParts {
  readonly options: Options
  /** At least 2. */
  readonly count: number
  readonly version: string
  readonly log: Log
  readonly vault: Vault
  readonly terminals: WorkerStart['terminals']
  readonly writeLines: WriteLines
  readonly freePorts: boolean
  readonly limits?: Partial<WorkerLimits> | undefined
}

/** What there is only once the rest of the gateway has been assembled. */
export interface FleetKnowledge {
  readonly guards: GuardKnowledge
  readonly limitObserver: LimitObserver
  readonly adminPorts: ReadonlySet<number>
}

type Ports = ReadonlyMap<string, number>

/** What a worker gets beyond the time that its requests have. */
const DRAIN_EXTRA_MS = 5_000
const SPARE_MS = 200

export class Fleet implements FleetView, OtherProcesses {
  readonly count: number
  readonly families: OtherProcesses['families']
  readonly #parts: FleetParts
  readonly #limits: WorkerLimits
  readonly #numbers: readonly number[]
  readonly #workers = new Map<number, WorkerProcess>()
  readonly #samples = new FleetSamples()
  readonly #metrics: WorkerMetrics
  readonly #shares: ShareLedger
  readonly #pace = new RestartPace({ now: () => performance.now() })
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #feed: Feed
  #knowledge: FleetKnowledge | undefined
  #limiter: MemoryLimiter | undefined
  #ports: Ports = new Map()
  /** All of them have served. */
  #started = false
  /** Why one of them did not. */
  #startProblem: string | undefined
  /** Told of each step of the start. */
  #onStart: () => void = () => undefined
  #draining = false
  #drained: (() => void) | undefined
  #gathering: Promise<void> | undefined

  constructor(parts: FleetParts) {
    const { count, options, limits } = parts
    this.#parts = parts
    this.count = count
    this.#numbers = Array.from({ length: count }, (_, index) => index + 1)
    this.#limits = { ...WORKER_LIMITS, ...limits }
    this.#metrics = new WorkerMetrics(() => this.workers())
    this.families = this.#metrics.families()
    this.#feed = new Feed({ vault: parts.vault, workers: () => this.#workers.values() })
    this.#shares = new ShareLedger({
      whole: { requests: options['server.max_requests'], connections: options['server.max_connections'] },
      workers: count,
      spare: (worker, what, wanted) => this.#serving(worker)?.send({ type: 'spare', what, wanted }) ?? false,
      grant: (worker, what, amount) => this.#workers.get(worker)?.send({ type: 'granted', what, amount }),
      spareMs: SPARE_MS,
    })
    process.on('exit', this.#killAll)
  }

  /** Starts all of them. They serve once they are told to. */
  begin(knowledge: FleetKnowledge): void {
    this.#knowledge = knowledge
    this.#feed.knowledge = knowledge.guards
    this.#limiter = new MemoryLimiter({
      entriesMax: this.#parts.options['limits.max_entries'],
      onFull: 'deny',
      now: () => performance.now(),
      observer: knowledge.limitObserver,
    })
    for (const number of this.#numbers) this.#startWorker(number)
  }

  /** Resolves once each of them serves, or with one line on what is wrong. */
  async serve(): Promise<{ readonly ports: Ports } | { readonly problem: string }> {
    const { options, freePorts } = this.#parts
    const taken = freePorts ? undefined : await portsTaken(options)
    if (taken !== undefined) return { problem: taken }
    // Where the system chooses the ports, the first worker finds them for the others.
    const groups = freePorts ? [this.#numbers.slice(0, 1), this.#numbers.slice(1)] : [this.#numbers]
    for (const group of groups) {
      const problem = await this.#serveAll(group)
      if (problem !== undefined) return { problem }
    }
    this.#started = true
    return { ports: this.#ports }
  }

  /** Takes an event that changed what is known, in order. */
  record(event: ResourceEvent): void {
    this.#feed.record(event)
  }

  /** Takes a publication, and the span that was written of it. */
  published(publication: Publication, batch: BatchSpan | undefined): void {
    this.#feed.published(publication, batch)
    for (const { namespace, name } of publication.snapshot.changes.removedApiProxies) {
      this.#samples.forget(namespace, name)
    }
  }

  /** Something new is known of a key set. */
  keySetChanged(url: string): void {
    this.#feed.keySetChanged(url)
  }

  setLogLevel(level: string): void {
    for (const worker of this.#workers.values()) worker.send({ type: 'log_level', level })
  }

  /** True while there is a worker that serves. */
  get listening(): boolean {
    return this.workers().some(({ serving }) => serving)
  }

  /** How many do not serve; whether they end too often; which have another hash than this process. */
  readonly health = (hash: string): WorkersHealth => {
    const { revision } = this.#feed
    const serving = this.workers().filter((worker) => worker.serving)
    return {
      missing: this.count - serving.length,
      restarting: this.#pace.isTooFast(),
      disagreeing: serving
        .filter((worker) => worker.revision === revision && worker.hash !== hash)
        .map(({ worker }) => worker),
    }
  }

  workers(): readonly WorkerView[] {
    return Array.from(this.#workers.values(), ({ number, pid, serving, revision, hash }) => {
      return { worker: number, pid, serving, revision, hash }
    }).sort((a, b) => a.worker - b.worker)
  }

  gather(): Promise<void> {
    this.#gathering ??= this.#gather().finally(() => {
      this.#gathering = undefined
    })
    return this.#gathering
  }

  over: OtherProcesses['over'] = (family) => this.#samples.over(family)

  exchanges(query: URLSearchParams): Promise<readonly WorkerAnswer[]> {
    return this.#askAll({ about: 'exchanges', query: query.toString() })
  }

  trace(traceId: string): Promise<readonly WorkerAnswer[]> {
    return this.#askAll({ about: 'trace', traceId })
  }

  async profile(worker: number, seconds: number): Promise<Answer | undefined> {
    const answer = await this.#serving(worker)?.ask({ about: 'profile', seconds }, seconds * 1_000)
    return answerOf(answer)
  }

  /** Tells all of them to end: from now on they take nothing new, and nobody is replaced. */
  stopAccepting(): void {
    this.#draining = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const worker of this.#workers.values()) worker.send({ type: 'drain' })
  }

  /** Waits until they have ended; those that do not within their time are ended. */
  async finish(): Promise<void> {
    this.#draining = true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained = resolve
    const timer = setTimeout(this.#killAll, this.#parts.options['server.shutdown_timeout'] + DRAIN_EXTRA_MS)
    if (this.#workers.size === 0) resolve()
    await promise
    clearTimeout(timer)
    process.off('exit', this.#killAll)
  }

  #serveAll(numbers: readonly number[]): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#onStart = () => {
        const areServing = numbers.every((number) => this.#serving(number) !== undefined)
        if (areServing || this.#startProblem !== undefined) resolve(this.#startProblem)
      }
      for (const number of numbers)
        this.#workers.get(number)?.send({ type: 'serve', ports: [...this.#ports] })
      this.#onStart()
    })
  }

  #startWorker(number: number): void {
    const { options, count, version, log, terminals, freePorts } = this.#parts
    const start: WorkerStart = {
      type: 'start',
      worker: number,
      workers: count,
      options,
      version,
      adminPorts: [...(this.#knowledge?.adminPorts ?? [])],
      freePorts,
      shares: this.#shares.open(number),
      logLevel: log.level,
      terminals,
    }
    const events = { onMessage: this.#onMessage, onEnd: this.#onEnd }
    const worker = new WorkerProcess(start, events, this.#limits)
    this.#workers.set(number, worker)
    if (this.#started) worker.send({ type: 'serve', ports: [...this.#ports] })
  }

  readonly #onMessage = (worker: WorkerProcess, message: FromWorker): void => {
    switch (message.type) {
      case 'assembled':
        return this.#feed.begin(worker)
      case 'listening':
        return this.#serves(worker, message.ports)
      case 'failed':
        return worker.kill({ reason: 'start_failed', detail: message.problem })
      case 'published':
        worker.revision = message.revision
        worker.hash = message.hash
        return
      case 'question':
        return void this.#answer(worker, message)
      case 'answer':
        return worker.answered(message.id, message.answer)
      case 'takes':
        return this.#count(worker, message)
      case 'more':
        return this.#shares.more(worker.number, message.what, message.wanted)
      case 'spared':
        return this.#shares.spared(worker.number, message.what, message.given)
      case 'lines':
        return this.#parts.writeLines(message.output, message.text, (failed) => {
          worker.send({ type: 'written', id: message.id, failed })
        })
      case 'pong':
        return worker.pong()
      case 'last_metrics':
        return this.#samples.told(worker.number, message.metrics as readonly FamilySamples[])
    }
  }

  readonly #onEnd = (worker: WorkerProcess, { reason, detail }: EndedWorker): void => {
    const { number, pid } = worker
    this.#workers.delete(number)
    this.#shares.close(number)
    this.#samples.end(number)
    this.#feed.forget(worker)
    if (this.#workers.size === 0) this.#drained?.()
    if (this.#draining) return
    if (!this.#started) {
      this.#startProblem ??= `server.workers: worker ${number}: ${detail}`
      return this.#onStart()
    }
    this.#metrics.ended(reason)
    const waitMs = this.#pace.next()
    this.#parts.log.error(
      { worker: number, pid, reason, detail, retry_ms: waitMs },
      'a worker has ended and is replaced',
    )
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#startWorker(number)
    }, waitMs)
    this.#timers.add(timer)
  }

  #serves(worker: WorkerProcess, ports: readonly (readonly [string, number])[]): void {
    if (this.#ports.size === 0) this.#ports = new Map(ports)
    worker.serves()
    const { number, pid, revision, hash } = worker
    this.#parts.log.info({ worker: number, pid, revision, hash }, 'a worker serves')
    this.#onStart()
  }

  async #answer(
    worker: WorkerProcess,
    { id, question }: Extract<FromWorker, { type: 'question' }>,
  ): Promise<void> {
    const answer = await this.#knowledge?.guards.awaitKeySet(question.url, question.refetch)
    worker.send({ type: 'answer', id, answer })
  }

  #count(worker: WorkerProcess, { first, takes }: Extract<FromWorker, { type: 'takes' }>): void {
    const answers = answerTakes(takes, (allowance, owed) => this.#limiter?.count(allowance, owed))
    worker.send({ type: 'takes', first, answers })
  }

  async #gather(): Promise<void> {
    const asked = Array.from(this.#workers.values()).filter(({ serving }) => serving)
    await Promise.all(
      asked.map(async (worker) => {
        const answer = await worker.ask({ about: 'metrics' })
        // One that has ended meanwhile is in the sums already.
        if (answer === UNANSWERED || this.#workers.get(worker.number) !== worker) return
        this.#samples.told(worker.number, answer as readonly FamilySamples[])
      }),
    )
  }

  async #askAll(question: Question): Promise<readonly WorkerAnswer[]> {
    const asked = Array.from(this.#workers.values()).filter(({ serving }) => serving)
    return Promise.all(
      asked.map(async (worker) => ({
        worker: worker.number,
        answer: answerOf(await worker.ask(question)),
      })),
    )
  }

  #serving(number: number): WorkerProcess | undefined {
    const worker = this.#workers.get(number)
    return worker?.serving === true ? worker : undefined
  }

  readonly #killAll = (): void => {
    for (const worker of this.#workers.values()) {
      worker.kill({ reason: 'unresponsive', detail: 'it did not end in time' })
    }
  }
}

function answerOf(answer: unknown): Answer | undefined {
  return answer === UNANSWERED ? undefined : (answer as Answer | undefined)
}

/**
 * A port that is shared can be shared with a stranger, too: another gateway that was started by mistake would get half of
 * the requests. So each is taken once for this process alone first, as a gateway of one process does.
 */
async function portsTaken(options: Options): Promise<string | undefined> {
  for (const prefix of ['server.insecure', 'server.secure'] as const) {
    const option = `${prefix}_port` as const
    const port = options[option]
    if (port === 0) continue
    const server = createServer()
    const listening = await listen(server, { option, port, address: options[`${prefix}_bind_address`] })
    if ('problem' in listening) return listening.problem
    await new Promise((resolve) => server.close(resolve))
  }
  return undefined
}
