// The composition root: makes every part, joins them, starts them in order and ends them in reverse. Nothing is decided
// here; `createGateway` is what the program and the tests call.

import type { Server as SecureServer } from 'node:https'
import type { Server } from 'node:http'
import { openAdmin } from './admin/admin-ports.ts'
import type { AdminServer } from './admin/admin-server.ts'
import { Health } from './admin/health.ts'
import type { Options } from './config/options.ts'
import { errorBodies } from './errors/bodies.ts'
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
import { Deadlines } from './proxy/deadlines.ts'
import { finishRequests } from './proxy/drain.ts'
import type { ExchangeServices, Load } from './proxy/exchange-services.ts'
import { HeadFlusher } from './proxy/head-flusher.ts'
import { type Listening, listen } from './proxy/listen.ts'
import { createListener } from './proxy/server.ts'
import { trustedProxies } from './proxy/trusted-proxies.ts'
import { AddressGuard } from './proxy/upstream/address-guard.ts'
import { openTransport } from './proxy/upstream/open-transport.ts'
import type { Transport } from './proxy/upstream/transport.ts'
import { Vault } from './resources/vault.ts'
import { Current } from './snapshot/current.ts'
import type { AccessLogOutput } from './telemetry/access-log.ts'
import { logConditions } from './telemetry/condition-log.ts'
import { createLog, type Log, type LogOutput } from './telemetry/log.ts'
import { type Signals, startSignals } from './telemetry/signals.ts'

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
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly services: ExchangeServices
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
  readonly #load: Load = { requests: 0, connections: 0, upstreamConnections: 0, draining: false }
  readonly #servers: Server[] = []
  readonly #admin: AdminServer[] = []
  readonly #ports = new Map<string, number>()
  #running: Running | undefined
  #journal: Journal | undefined
  #source: OpenedSource | undefined
  #pipeline: Pipeline | undefined
  #certificates: Certificates | undefined
  #listening = false

  constructor(options: Options, overrides: GatewayOverrides) {
    this.#options = options
    this.#overrides = overrides
    this.#exchanges = new FlightRecorder({
      exchanges: options['explain.exchanges'],
      failedExchanges: options['explain.failed_exchanges'],
    })
    this.#guard = new AddressGuard(options['proxy.allow_restricted_upstreams'])
    this.log = createLog(options, overrides.stderr === undefined ? {} : { output: overrides.stderr })
  }

  async start(): Promise<{ ports: Ports } | { problem: string }> {
    const problem =
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
    const guards = await GuardSet.open(options, {
      judge: this.#guard,
      log: this.log,
      limits: signals.metrics.limits,
    })
    if ('problem' in guards) {
      await plugins.host.stop()
      await signals.stop(FLUSH_MS)
      return guards.problem
    }
    const parts = { options, vault: this.#vault, guard: this.#guard, load: this.#load }
    const made = await openTransport(parts)
    const transport = this.#overrides.transport?.(made) ?? made
    const deadlines = new Deadlines((now) => transport.sweep(now))
    const services: ExchangeServices = {
      options,
      current: this.#current,
      recorder: signals.recorder,
      plugins: plugins.host,
      guards: guards.guards,
      transport,
      deadlines,
      flusher: new HeadFlusher(),
      answers: {
        bodyOf: errorBodies(options['errors.details_base']),
        proxyStatus: options['proxy.proxy_status'],
      },
      headerRules: {
        apiKeyHeader: options['plugins.apiKey.header_key'],
        passBaggage: options['tracing.inbound'] === 'trust',
        takesTrailers: transport.isEndToEnd,
      },
      trusted: trustedProxies(options['server.trusted_proxies']),
      load: this.#load,
    }
    const health = new Health({
      current: () => this.#current.snapshot,
      listening: () => this.#listening,
      draining: () => this.#load.draining,
      blocked: () => plugins.host.blocked(),
      keys: () => guards.health(),
      journalFailing: () => this.#journal?.stats().failing,
    })
    this.#running = { signals, health, plugins, guards, transport, deadlines, services }
    return undefined
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
    this.#pipeline = this.#runPipeline()
    this.#joined().guards.start((event) => this.#pipeline?.take(event))
    await this.#pipeline.settled
    await sourceHeard(this.#pipeline, this.#current)
    const closed = await this.#openListeners()
    if (closed !== undefined) return closed
    this.#listening = true
    const { revision, hash, counts } = this.#current.snapshot
    this.log.info({ ports: Object.fromEntries(this.#ports), revision, hash, counts }, 'ready')
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

  async #openListeners(): Promise<string | undefined> {
    const options = this.#options
    const { services } = this.#joined()
    const plain = options['server.insecure_port']
    if (plain !== 0) {
      const server = createListener(services)
      this.#servers.push(server)
      const place = this.#place('server.insecure_port', plain, options['server.insecure_bind_address'])
      const problem = this.#opened('server.insecure_port', await listen(server, place))
      if (problem !== undefined) return problem
    }
    const secure = options['server.secure_port']
    if (secure === 0 || this.#certificates === undefined) return undefined
    const server = createListener(services, this.#certificates.listenerOptions())
    this.#servers.push(server)
    this.#certificates.keepFresh((pem) => (server as SecureServer).setSecureContext(pem))
    const place = this.#place('server.secure_port', secure, options['server.secure_bind_address'])
    return this.#opened('server.secure_port', await listen(server, place))
  }

  #runPipeline(): Pipeline {
    const { signals, plugins, guards } = this.#joined()
    const observedAt = performance.timeOrigin + performance.now()
    return runPipeline({
      sources: this.#source?.sources ?? [],
      ...fromJournal(this.#journal, [
        { type: 'plugins', source: 'plugins', observedAt, plugins: [...BUILT_IN_PLUGINS, ...plugins.facts] },
        guards.firstEvent(),
      ]),
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
    signals.published(publication)
    this.#joined().guards.published(snapshot, state)
    logConditions(snapshot, this.log)
    this.#source?.published(publication)
  }

  #stopAccepting(): void {
    this.#load.draining = true
    this.#listening = false
    for (const server of this.#servers) {
      server.close()
      server.closeIdleConnections()
    }
  }

  /** Waits for exchanges under way; what is left at the limit is cut off. */
  async #finishRequests(signal: AbortSignal): Promise<void> {
    const parts = { load: this.#load, servers: this.#servers, log: this.log }
    await finishRequests({ ...parts, deadlines: this.#running?.deadlines }, signal)
    await this.#running?.transport.close()
  }

  async #stopEvents(): Promise<void> {
    await this.#running?.guards.stop()
    this.#pipeline?.stop()
    await this.#source?.stop()
    this.#certificates?.stop()
    this.#running?.deadlines.stop()
    await this.#running?.plugins.host.stop()
    await this.#journal?.stop()
    for (const server of this.#admin) await server.close()
  }

  #place(option: string, port: number, address: string): { option: string; port: number; address: string } {
    return { option, port: this.#overrides.freePorts === true ? 0 : port, address }
  }

  #opened(option: string, listening: Listening): string | undefined {
    if ('problem' in listening) return listening.problem
    this.#ports.set(option, listening.port)
    return undefined
  }

  #joined(): Running {
    if (this.#running === undefined) throw new Error('the gateway has not been assembled')
    return this.#running
  }
}
