// The composition root: makes every part, joins them, starts them in order and ends them in reverse. Nothing is decided
// here; `createGateway` is what the program and the tests call.

import { openAdmin } from './admin/admin-ports.ts'
import type { AdminServer } from './admin/admin-server.ts'
import { Health } from './admin/health.ts'
import type { Options } from './config/options.ts'
import type { Journal } from './events/journal/journal.ts'
import { FlightRecorder } from './explain/flight-recorder.ts'
import { RecentEvents } from './events/recent-events.ts'
import type { LifeStep } from './life.ts'
import { type Pipeline, type PipelineOptions, type Publication, runPipeline } from './pipeline.ts'
import { fromJournal, journalHealth, openJournalOf, sourceHeard } from './open-journal.ts'
import { openSource } from './open-source.ts'
import type { OpenedSource } from './opened-source.ts'
import { BUILT_IN_PLUGINS } from './plugins/built-in.ts'
import { GuardSet } from './plugins/guard-set.ts'
import { type LoadedPlugins, loadPlugins } from './plugins/load.ts'
import { Certificates } from './proxy/certificates.ts'
import { DataPath } from './proxy/data-path.ts'
import { emptyLoad, type Load } from './proxy/exchange-services.ts'
import { AddressGuard } from './proxy/upstream/address-guard.ts'
import type { Transport } from './proxy/upstream/transport.ts'
import { Vault } from './resources/vault.ts'
import { Current } from './snapshot/current.ts'
import type { Fleet } from './workers/fleet.ts'
import { workerCount } from './workers/worker-count.ts'
import type { WorkerLimits } from './workers/worker-process.ts'
import type { AccessLogOutput } from './telemetry/access-log.ts'
import { logConditions } from './telemetry/condition-log.ts'
import { createLog, type Log, type LogOutput } from './telemetry/log.ts'
import { type Signals, startSignals } from './telemetry/signals.ts'
import { standardOutput } from './telemetry/standard-output.ts'

/** What tests and embedders replace. */
export interface GatewayOverrides {
  readonly version?: string
  /** For the access log; standard output where absent. */
  readonly stdout?: AccessLogOutput
  /** For the program's log; standard error where absent. */
  readonly stderr?: LogOutput
  /** Instead of the watched directory. */
  readonly sources?: PipelineOptions['sources']
  /** Stands between exchanges and the transport. */
  readonly transport?: (made: Transport) => Transport
  /** Every listener that is on takes a port of the system's choice. */
  readonly freePorts?: boolean
  /** Of processes that serve. */
  readonly workerLimits?: Partial<WorkerLimits>
}

/** Ports by the option that opened them. */
export type Ports = ReadonlyMap<string, number>

export interface Gateway {
  readonly log: Log
  /** Opens everything; resolves once the first snapshot is live and every port is open, or with what is wrong. */
  start(): Promise<{ readonly ports: Ports } | { readonly problem: string }>
  /** What a drain does, in order. */
  drainSteps(): readonly LifeStep[]
  /** Runs all of them. */
  stop(): Promise<void>
  /** An exception that nobody caught. */
  countFault(): void
}

/** Makes a gateway; nothing is opened yet. */
export function createGateway(options: Options, overrides: GatewayOverrides = {}): Gateway {
  return new Composition(options, overrides)
}

/** What exists once the gateway has started. */
interface Running {
  readonly signals: Signals
  readonly health: Health
  readonly plugins: LoadedPlugins
  readonly guards: GuardSet
  /** Absent where workers serve. */
  readonly data: DataPath | undefined
}

/** What the last spans and lines get. */
const FLUSH_MS = 5_000

class Composition implements Gateway {
  readonly log: Log
  readonly #options: Options
  readonly #overrides: GatewayOverrides
  readonly #vault = new Vault()
  readonly #current = new Current()
  readonly #recentEvents = new RecentEvents()
  readonly #exchanges: FlightRecorder
  readonly #guard: AddressGuard
  readonly #load: Load
  readonly #admin: AdminServer[] = []
  readonly #ports = new Map<string, number>()
  /** The processes that serve; absent where this one does. */
  #fleet: Fleet | undefined
  #running: Running | undefined
  #journal: Journal | undefined
  #source: OpenedSource | undefined
  #pipeline: Pipeline | undefined
  #certificates: Certificates | undefined
  #listening = false

  constructor(options: Options, overrides: GatewayOverrides) {
    this.#options = options
    this.#overrides = overrides
    this.#load = emptyLoad(options)
    this.#guard = new AddressGuard(options['proxy.allow_restricted_upstreams'])
    this.log = createLog(options, { output: overrides.stderr ?? process.stderr })
    // Where workers serve, each remembers its own.
    const [exchanges, failedExchanges] =
      workerCount(options) === 1
        ? [options['explain.exchanges'], options['explain.failed_exchanges']]
        : [0, 0]
    this.#exchanges = new FlightRecorder({ exchanges, failedExchanges })
  }

  async start(): Promise<{ ports: Ports } | { problem: string }> {
    const problem =
      (await this.#openFleet()) ??
      (await this.#openJournal()) ??
      (await this.#openSource()) ??
      (await this.#assemble()) ??
      (await this.#open())
    if (problem === undefined) return { ports: this.#ports }
    await this.stop()
    return { problem }
  }

  drainSteps(): readonly LifeStep[] {
    return [
      { name: 'stop accepting', run: () => this.#stopAccepting() },
      { name: 'finish requests in flight', run: (signal) => this.#finishRequests(signal) },
      { name: 'stop the event path', run: () => this.#stopEvents() },
      { name: 'flush telemetry', run: () => this.#running?.signals.stop(FLUSH_MS) },
    ]
  }

  async stop(): Promise<void> {
    const signal = AbortSignal.timeout(this.#options['server.shutdown_timeout'])
    for (const step of this.drainSteps()) await step.run(signal)
  }

  countFault(): void {
    this.#running?.signals.metrics.countFault()
  }

  async #openFleet(): Promise<string | undefined> {
    const count = workerCount(this.#options)
    if (count === 1) return undefined
    const {
      stdout = standardOutput(),
      stderr = process.stderr,
      version = '0.0.0',
      freePorts = false,
      workerLimits: limits,
      transport,
    } = this.#overrides
    if (transport !== undefined) {
      return 'server.workers: a transport that is put in between serves in one process only'
    }
    const { openFleet } = await import('./workers/open-fleet.ts')
    const parts = {
      options: this.#options,
      version,
      log: this.log,
      vault: this.#vault,
      freePorts,
      limits,
      count,
    }
    this.#fleet = openFleet(parts, { stdout, stderr })
    return undefined
  }

  async #openJournal(): Promise<string | undefined> {
    const { version = '0.0.0' } = this.#overrides
    const journal = await openJournalOf(this.#options, {
      version,
      log: this.log,
      onFailing: (why) => this.#journalFails(why),
    })
    if (journal !== undefined && 'problem' in journal) return journal.problem
    this.#journal = journal
    return undefined
  }

  #journalFails(why: string | undefined): void {
    if (this.#journal !== undefined) this.#pipeline?.take(journalHealth(this.#journal.folder, why))
  }

  async #openSource(): Promise<string | undefined> {
    const { sources } = this.#overrides
    if (sources !== undefined) {
      this.#source = { name: 'directory', sources, published: () => undefined, stop: () => Promise.resolve() }
      return undefined
    }
    const opened = await openSource(this.#options, {
      vault: this.#vault,
      log: this.log,
      restoredSince: this.#journal?.restored?.since,
    })
    if ('problem' in opened) return opened.problem
    this.#source = opened
    return undefined
  }

  /** Signals, plugins, and everything that an exchange needs. */
  async #assemble(): Promise<string | undefined> {
    const options = this.#options
    const signals = await startSignals(options, {
      log: this.log,
      version: this.#overrides.version ?? '0.0.0',
      source: this.#source?.name ?? 'directory',
      vitals: {
        ready: () => this.#running?.health.readiness().ready ?? false,
        downstreamConnections: () => this.#load.connections,
        upstreamConnections: () => this.#load.upstreamConnections,
      },
      servedCertificates: () => this.#certificates?.ends() ?? [],
      keeper: this.#exchanges,
      journal: () => this.#journal?.stats(),
      others: this.#fleet,
      ...(this.#overrides.stdout === undefined ? {} : { stdout: this.#overrides.stdout }),
    })
    if ('problem' in signals) return signals.problem
    const plugins = await loadPlugins(options['plugins.location'], {
      deadlineMs: options['plugins.deadline'],
      watchdogTimeoutMs: options['plugins.watchdog_timeout'],
      log: this.log,
    })
    if ('problem' in plugins) {
      await signals.stop(FLUSH_MS)
      return plugins.problem
    }
    // Where workers serve, each has its own connection to a store of limits, and this process needs none.
    const judging = this.#fleet === undefined ? options : { ...options, 'limits.redis_url': '' }
    const guards = await GuardSet.open(judging, {
      judge: this.#guard,
      log: this.log,
      limits: signals.metrics.limits,
      onKeySetWord: (url) => this.#fleet?.keySetChanged(url),
    })
    if ('problem' in guards) {
      await plugins.host.stop()
      await signals.stop(FLUSH_MS)
      return guards.problem
    }
    const data = this.#fleet === undefined ? await this.#dataPath(signals, plugins, guards) : undefined
    const health = new Health({
      current: () => this.#current.snapshot,
      listening: () => this.#listening && this.#fleet?.listening !== false,
      draining: () => this.#load.draining,
      blocked: () => plugins.host.blocked(),
      keys: () => guards.health(),
      journalFailing: () => this.#journal?.stats().failing,
      workers: this.#fleet?.health,
    })
    this.#running = { signals, health, plugins, guards, data }
    return undefined
  }

  #dataPath(signals: Signals, plugins: LoadedPlugins, guards: GuardSet): Promise<DataPath> {
    return DataPath.make({
      options: this.#options,
      vault: this.#vault,
      addressGuard: this.#guard,
      current: this.#current,
      recorder: signals.recorder,
      plugins: plugins.host,
      guards: guards.guards,
      load: this.#load,
      log: this.log,
      wrap: this.#overrides.transport,
    })
  }

  /** Admin ports first: they tell how far the rest is. The data path opens once the first snapshot is live. */
  async #open(): Promise<string | undefined> {
    const options = this.#options
    if (options['server.secure_port'] !== 0 || options['prometheus.secure_port'] !== 0) {
      const certificates = Certificates.load(options, this.log)
      if ('problem' in certificates) return certificates.problem
      this.#certificates = certificates
    }
    const refused = await this.#openAdmin()
    if (refused !== undefined) return refused
    const { signals, guards, data } = this.#joined()
    this.#fleet?.begin({
      guards: guards.knowledge,
      limitObserver: signals.metrics.limits,
      adminPorts: this.#guard.adminPorts,
    })
    this.#pipeline = this.#runPipeline()
    guards.start((event) => this.#pipeline?.take(event))
    await this.#pipeline.settled
    await sourceHeard(this.#pipeline, this.#current)
    const { freePorts = false } = this.#overrides
    const opened =
      (await this.#fleet?.serve()) ?? (await data?.open({ certificates: this.#certificates, freePorts }))
    if (opened !== undefined && 'problem' in opened) return opened.problem
    for (const [option, port] of opened?.ports ?? []) this.#ports.set(option, port)
    this.#listening = true
    const { revision, hash, counts } = this.#current.snapshot
    this.log.info({ ports: Object.fromEntries(this.#ports), revision, hash, counts }, 'ready')
    setImmediate(() => signals.warmUp())
    return undefined
  }

  async #openAdmin(): Promise<string | undefined> {
    const { signals, guards, health } = this.#joined()
    const problem = await openAdmin({
      options: this.#options,
      metrics: signals.metrics,
      health,
      log: this.log,
      events: this.#recentEvents,
      exchanges: this.#exchanges,
      fleet: this.#fleet,
      mask: signals.mask,
      keys: guards.keyFinding,
      current: () => this.#current.snapshot,
      certificates: this.#certificates,
      freePorts: this.#overrides.freePorts === true,
      servers: this.#admin,
      ports: this.#ports,
    })
    this.#guard.adminPorts = new Set(this.#ports.values())
    return problem
  }

  #runPipeline(): Pipeline {
    const { signals, plugins, guards } = this.#joined()
    const fleet = this.#fleet
    const journal = this.#journal
    const observedAt = performance.timeOrigin + performance.now()
    return runPipeline({
      sources: this.#source?.sources ?? [],
      ...fromJournal(this.#journal, [
        { type: 'plugins', source: 'plugins', observedAt, plugins: [...BUILT_IN_PLUGINS, ...plugins.facts] },
        guards.firstEvent(),
      ]),
      ...(fleet !== undefined && {
        journal: {
          append(entry) {
            journal?.append(entry)
            fleet.record(entry.event)
          },
        },
      }),
      options: this.#options,
      current: this.#current,
      log: this.log,
      recentEvents: this.#recentEvents,
      onBuildFailed: () => signals.metrics.snapshots.buildFailed(),
      onPublished: (publication) => this.#published(publication, signals),
    })
  }

  #published(publication: Publication, signals: Signals): void {
    const { snapshot, state } = publication
    this.#vault.follow(state.kinds.Secret.objects)
    const batch = signals.published(publication)
    this.#fleet?.published(publication, batch)
    this.#joined().guards.published(snapshot, state)
    logConditions(snapshot, this.log)
    this.#source?.published(publication)
  }

  #stopAccepting(): void {
    this.#load.draining = true
    this.#listening = false
    this.#running?.data?.stopAccepting()
    this.#fleet?.stopAccepting()
  }

  /** Waits for exchanges under way; what is left at the limit is cut off. */
  async #finishRequests(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#running?.data?.finish(signal), this.#fleet?.finish()])
  }

  async #stopEvents(): Promise<void> {
    await this.#running?.guards.stop()
    this.#pipeline?.stop()
    await this.#source?.stop()
    this.#certificates?.stop()
    this.#running?.data?.stop()
    await this.#running?.plugins.host.stop()
    await this.#journal?.stop()
    for (const server of this.#admin) await server.close()
  }

  #joined(): Running {
    if (this.#running === undefined) throw new Error('the gateway has not been assembled')
    return this.#running
  }
}
