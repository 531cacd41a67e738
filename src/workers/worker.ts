// A worker: the data path of a gateway in a process of its own, with everything that the primary knows handed to it.
// It reads no source, writes no status and opens no admin port; without its primary it ends.

import { listExchanges, traceExchanges } from '../admin/exchange-pages.ts'
import type { Answer } from '../admin/answer.ts'
import { CpuProfiler } from '../admin/cpu-profiler.ts'
import { takeProfile } from '../admin/profile-pages.ts'
import type { Options } from '../config/options.ts'
import { FlightRecorder } from '../explain/flight-recorder.ts'
import type { LifeStep } from '../life.ts'
import { BUILT_IN_PLUGINS } from '../plugins/built-in.ts'
import { Guards } from '../plugins/guards.ts'
import { TokenVerifier } from '../plugins/jwt/token-verifier.ts'
import type { Limiter } from '../plugins/limits/limiter.ts'
import { type LoadedPlugins, loadPlugins } from '../plugins/load.ts'
import { Certificates } from '../proxy/certificates.ts'
import { DataPath } from '../proxy/data-path.ts'
import { emptyLoad, type Load } from '../proxy/exchange-services.ts'
import { AddressGuard } from '../proxy/upstream/address-guard.ts'
import { Vault } from '../resources/vault.ts'
import { Current } from '../snapshot/current.ts'
import type { Log } from '../telemetry/log.ts'
import { type Signals, startSignals } from '../telemetry/signals.ts'
import { ownSamples } from './fleet-samples.ts'
import { type Followed, Follower } from './follower.ts'
import { HandedDigestKeys, HandedKeySets } from './handed-keys.ts'
import { HeldShares } from './held-shares.ts'
import type { FeedItem, Question, WorkerStart } from './messages.ts'
import type { PrimaryLink } from './primary-link.ts'
import { openWorkerLimiter } from './worker-limiter.ts'

const FLUSH_MS = 5_000

/** What a worker is made of once it has been assembled. */
interface Assembled {
  readonly signals: Signals
  readonly plugins: LoadedPlugins
  readonly limiter: Limiter
  readonly data: DataPath
  readonly follower: Follower
}

export class Worker {
  readonly log: Log
  readonly #start: WorkerStart
  readonly #options: Options
  readonly #link: PrimaryLink
  readonly #load: Load
  readonly #shares: HeldShares
  readonly #vault = new Vault()
  readonly #current = new Current()
  readonly #exchanges: FlightRecorder
  readonly #addressGuard: AddressGuard
  readonly #digestKeys = new HandedDigestKeys()
  readonly #keySets: HandedKeySets
  readonly #profiler = new CpuProfiler()
  #assembled: Assembled | undefined
  #certificates: Certificates | undefined
  #known: ReadonlyMap<string, number> | undefined
  #opening = false

  constructor(start: WorkerStart, link: PrimaryLink, log: Log) {
    const { options, shares, adminPorts } = start
    this.log = log
    this.#start = start
    this.#options = options
    this.#link = link
    this.#load = emptyLoad(options)
    this.#load.requestsMax = shares.requests
    this.#load.connectionsMax = shares.connections
    this.#shares = new HeldShares({
      load: this.#load,
      ask: (what, wanted) => link.send({ type: 'more', what, wanted }),
    })
    this.#exchanges = new FlightRecorder({
      exchanges: options['explain.exchanges'],
      failedExchanges: options['explain.failed_exchanges'],
    })
    this.#addressGuard = new AddressGuard(options['proxy.allow_restricted_upstreams'])
    this.#addressGuard.adminPorts = new Set(adminPorts)
    this.#keySets = new HandedKeySets({
      ask: (url, refetch) => link.askKeySet(url, refetch),
      staleLimitMs: options['plugins.jwt.stale_limit'],
      now: () => performance.now(),
    })
  }

  /** Makes everything but the ports, which open with the first snapshot. @returns one line where something is wrong */
  async assemble(): Promise<string | undefined> {
    const options = this.#options
    if (options['server.secure_port'] !== 0) {
      const certificates = Certificates.load(options, this.log)
      if ('problem' in certificates) return certificates.problem
      this.#certificates = certificates
    }
    const signals = await this.#startSignals()
    if ('problem' in signals) return signals.problem
    const plugins = await loadPlugins(options['plugins.location'], {
      deadlineMs: options['plugins.deadline'],
      watchdogTimeoutMs: options['plugins.watchdog_timeout'],
      log: this.log,
    })
    if ('problem' in plugins) return plugins.problem
    const limiter = await openWorkerLimiter(this.#start, this.#link, {
      log: this.log,
      observer: signals.metrics.limits,
    })
    if ('problem' in limiter) return limiter.problem
    const data = await DataPath.make({
      options,
      vault: this.#vault,
      addressGuard: this.#addressGuard,
      current: this.#current,
      recorder: signals.recorder,
      plugins: plugins.host,
      guards: new Guards({
        keys: this.#digestKeys,
        apiKeyHeader: options['plugins.apiKey.header_key'],
        tokens: new TokenVerifier(this.#keySets),
        limiter,
      }),
      load: this.#load,
      more: this.#shares.more,
      log: this.log,
    })
    const follower = this.#follower(signals, plugins)
    this.#assembled = { signals, plugins, limiter, data, follower }
    return undefined
  }

  /** From the first snapshot on. @param ports that others of its kind have got already, by the option */
  serve(ports: ReadonlyMap<string, number>): void {
    this.#known = ports
    void this.#open()
  }

  feed(items: readonly FeedItem[]): void {
    for (const item of items) this.#assembled?.follower.take(item)
  }

  /** The answer to a share that was asked for. */
  granted: HeldShares['granted'] = (what, amount) => this.#shares.granted(what, amount)

  /** What is given back of a share. */
  spare: HeldShares['spare'] = (what, wanted) => this.#shares.spare(what, wanted)

  async answer(question: Question): Promise<unknown> {
    switch (question.about) {
      case 'metrics':
        return ownSamples(this.#assembled?.signals.metrics.families ?? [])
      case 'exchanges':
        return listExchanges(this.#exchanges, new URLSearchParams(question.query))
      case 'trace':
        return traceExchanges(this.#exchanges, question.traceId)
      case 'profile':
        return this.#profile(question.seconds)
    }
  }

  drainSteps(): readonly LifeStep[] {
    return [
      { name: 'stop accepting', run: () => this.#assembled?.data.stopAccepting() },
      { name: 'finish requests in flight', run: (signal) => this.#assembled?.data.finish(signal) },
      { name: 'stop what requests need', run: () => this.#stopParts() },
      { name: 'flush telemetry', run: () => this.#assembled?.signals.stop(FLUSH_MS) },
      { name: 'hand over what was counted', run: () => this.#handOver() },
    ]
  }

  countFault(): void {
    this.#assembled?.signals.metrics.countFault()
  }

  #startSignals(): ReturnType<typeof startSignals> {
    return startSignals(this.#options, {
      log: this.log,
      version: this.#start.version,
      // Metrics of the source are the primary's.
      source: 'primary',
      vitals: {
        ready: () => false,
        downstreamConnections: () => this.#load.connections,
        upstreamConnections: () => this.#load.upstreamConnections,
      },
      servedCertificates: () => [],
      keeper: this.#exchanges,
      stdout: this.#link.accessLogOutput(this.#start.terminals.stdout),
    })
  }

  #follower(signals: Signals, plugins: LoadedPlugins): Follower {
    return new Follower({
      options: this.#options,
      current: this.#current,
      vault: this.#vault,
      plugins: [...BUILT_IN_PLUGINS, ...plugins.facts],
      log: this.log,
      onDigestKeys: (keys) => this.#digestKeys.take(keys),
      onKeySet: (url, word) => this.#keySets.take(url, word),
      onBuildFailed: () => signals.metrics.snapshots.buildFailed(),
      onPublished: (followed) => this.#published(followed, signals),
    })
  }

  #published({ snapshot, state, batch }: Followed, signals: Signals): void {
    const { revision, hash } = snapshot
    signals.followed({ snapshot, state, batch })
    this.#link.send({ type: 'published', revision, hash })
    void this.#open()
  }

  /** Opens the ports, once it is told to and has a snapshot. */
  async #open(): Promise<void> {
    if (this.#opening || this.#assembled === undefined || this.#known === undefined) return
    if (this.#current.snapshot.revision === 0) return
    this.#opening = true
    const { data, signals } = this.#assembled
    const opened = await data.open({
      certificates: this.#certificates,
      freePorts: this.#start.freePorts,
      known: this.#known,
      reusePort: true,
    })
    if ('problem' in opened) this.#link.send({ type: 'failed', problem: opened.problem })
    else this.#link.send({ type: 'listening', ports: [...opened.ports] })
    setImmediate(() => signals.warmUp())
  }

  async #profile(seconds: number): Promise<Answer> {
    return takeProfile(this.#profiler, seconds, this.#link.gone)
  }

  async #stopParts(): Promise<void> {
    this.#certificates?.stop()
    this.#assembled?.data.stop()
    await this.#assembled?.plugins.host.stop()
    await this.#assembled?.limiter.stop()
  }

  async #handOver(): Promise<void> {
    const metrics = await ownSamples(this.#assembled?.signals.metrics.families ?? [])
    await this.#link.sent({ type: 'last_metrics', metrics })
  }
}
