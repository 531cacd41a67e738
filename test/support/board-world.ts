// All that the boards look at, running: the world of every outcome, one more gateway whose rates are counted in Redis, the
// shipped Collector behind them, and a Prometheus that scrapes them all. On loopback. Must not import the test runner: the
// script that draws the boards uses it too.

import { keyPair } from './api-keys.ts'
import type { EveryOutcome, Produced } from './every-outcome/every-outcome.ts'
import { startEveryOutcome } from './every-outcome/start.ts'
import { Exposition } from './exposition.ts'
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts'
import { connectHttp } from './http-client.ts'
import { apiKeyBinding, apiProxy, mockTarget } from './manifests.ts'
import { OtlpSink } from './otlp-sink.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'
import { startRedis } from './redis.ts'
import { type ShippedCollector, startShippedCollector } from './shipped-collector.ts'
import { tempFolder } from './temp-folder.ts'
import { waitUntil } from './wait-until.ts'

export interface BoardPrograms {
  readonly prometheus: string
  readonly collector: string
  readonly redis: string
}

export interface BoardWorld extends AsyncDisposable {
  readonly outcomes: EveryOutcome
  readonly prometheus: Prometheus
  readonly collector: ShippedCollector
  /** Where the Collector sends what it keeps. */
  readonly backend: OtlpSink
  /** The gateway whose rates are counted in Redis. */
  readonly metered: GatewayProcess
  /** Every outcome once, good requests beside them, and what else a board counts; gives the exchanges that failed. */
  round(): Promise<Produced[]>
  /** Writes an ApiProxy into its folder, and waits until it is live. */
  changeConfiguration(name: string): Promise<void>
}

/** Titles of panels of what cannot be made to go wrong from outside here. Their series are there, and are 0. */
export const ZERO_HERE: ReadonlySet<string> = new Set([
  'Builds that failed',
  'Journals failing',
  'Events missing in journals',
  'Gaps in journals',
  'Waiting to be written',
  'Workers replaced',
  'Telemetry lost',
  'Exceptions nobody caught',
])

/** The job under which the gateways are scraped. */
export const JOB = 'gateways'
const KEY = 'meteredKeyThatNobodyMaySee'

/** Starts all of it. Where a part does not start, those before it are stopped. */
export async function startBoardWorld(programs: BoardPrograms): Promise<BoardWorld> {
  await using started = new AsyncDisposableStack()
  const backend = started.use(await new OtlpSink().start())
  const collector = started.use(
    await startShippedCollector(programs.collector, {
      backendUrl: backend.httpUrl,
      env: { COLLECTOR_DECISION_WAIT: '1s', COLLECTOR_SPAN_METRICS_INTERVAL: '1s' },
    }),
  )
  const otlpUrl = collector.httpUrl
  const outcomes = started.use(await startEveryOutcome({ otlpUrl }))
  const redis = started.use(await startRedis(programs.redis))
  const keys = started.use(await keyPair())
  const journal = started.use(await tempFolder('journal'))
  const metered = started.use(
    await startGatewayProcess({
      manifests: {
        'metered.yaml': [
          apiProxy('metered')
            .at('/metered')
            .mock('canned')
            .plugin('apikey', { bindingName: 'metered' })
            .build(),
          mockTarget('canned').route('/', 200, 'canned').build(),
          keys.apiKey('metered', KEY).build(),
          apiKeyBinding('metered')
            .key('metered', { defaultRule: { global: true }, rate: { amount: 1000, unit: 'second' } })
            .build(),
        ],
        'broken.yaml': 'kind: [',
      },
      flags: {
        'server.workers': 2,
        'events.journal_dir': journal.path,
        'limits.redis_url': redis.url,
        'limits.lease': 20,
        'plugins.apiKey.decryption_key_file': keys.file,
      },
      otlpUrl,
    }),
  )
  const prometheus = started.use(
    await startPrometheus(programs.prometheus, {
      targets: {
        [JOB]: [...outcomes.targets, `127.0.0.1:${metered.prometheusPort}`],
        collector: [`127.0.0.1:${collector.ports.spanMetrics}`],
      },
    }),
  )
  const all = started.move()
  return {
    outcomes,
    prometheus,
    collector,
    backend,
    metered,
    round: () => round(outcomes, metered),
    changeConfiguration: (name) => change(metered, name),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

async function round(outcomes: EveryOutcome, metered: GatewayProcess): Promise<Produced[]> {
  await outcomes.good(40)
  await takeTokensAhead(metered)
  await sendTrailers(outcomes.gateway().port)
  await outcomes.produce('client_closed')
  await outcomes.produce('upstream_answers_503')
  return outcomes.produceAll()
}

/** Many requests in one second make tokens for the next one; the few that then come leave some to expire. */
async function takeTokensAhead(metered: GatewayProcess): Promise<void> {
  let turn = 0
  const areSeen = async (): Promise<boolean> => {
    await askMetered(metered.port, turn++ % 2 === 0 ? 50 : 3)
    const exposition = new Exposition(await metered.metrics(), 'text/plain')
    const states = ['taken', 'spent', 'expired']
    return states.every((state) => (exposition.value('kanali_limit_lease_tokens_total', { state }) ?? 0) > 0)
  }
  const what = 'tokens of a rate to be taken ahead, spent, and let expire'
  await waitUntil(areSeen, what, { everyMs: 1_050, timeoutMs: 30_000 })
}

async function askMetered(port: number, count: number): Promise<void> {
  await using client = await connectHttp(port)
  for (let sent = 0; sent < count; sent++) {
    const { status } = await client.request('GET', '/metered', { headers: [['apikey', KEY]] })
    if (status !== 200) throw new Error(`GET /metered got ${status}`)
  }
}

async function sendTrailers(port: number): Promise<void> {
  await using client = await connectHttp(port)
  const head = 'POST /cart HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
  await client.send(`${head}1\r\na\r\n0\r\nCookie: a=b\r\n\r\n`)
  await client.response()
}

async function change(gateway: GatewayProcess, name: string): Promise<void> {
  await gateway.write(`${name}.yaml`, apiProxy(name).at(`/${name}`).mock('canned').build())
  await waitUntil(async () => {
    const { status } = await fetch(`http://127.0.0.1:${gateway.port}/${name}`)
    return status === 200
  }, `the ApiProxy ${name} to be live`)
}
