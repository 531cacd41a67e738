// What `npm run observe` runs: gateways that fail in every way there is, under the Collector, Prometheus, Alertmanager and
// rules of this project, where these are installed. It says where to look, and ends with Ctrl-C. All of it is on loopback.

import path from 'node:path'
import { parseArgs } from 'node:util'
import type { EveryOutcome } from '../support/every-outcome/every-outcome.ts'
import { startEveryOutcome } from '../support/every-outcome/start.ts'
import type { Prometheus } from '../support/prometheus.ts'
import type { ShippedCollector } from '../support/shipped-collector.ts'
import type { Alertmanager } from '../support/alertmanager.ts'
import { startNotices } from './notices.ts'
import { alertmanagerOf, collectorOf, prometheusOf, TRACES } from './programs.ts'
import { type Quickstart, startQuickstart } from './quickstart.ts'

const HELP = `npm run observe [-- --rounds N] [-- --no-quickstart]

Starts the quickstart's gateway and six more that produce every error code and reason, the OpenTelemetry Collector with
otel/collector.yaml, Prometheus and Alertmanager with the rules of dashboards/generated/, and asks for everything again and
again. Programs that are not installed are left out, and it is said how to get them. Ctrl-C ends all of it.

  --rounds N        ends after so many rounds of requests; without it, with Ctrl-C
  --no-quickstart   leaves out the gateway of npm start, which needs the ports 8080, 9000, 9090, 3101 and 3102
`
const GOOD_PER_ROUND = 200
const PAUSE_MS = 5_000
const QUICKSTART_LOG = path.join(path.dirname(TRACES), 'quickstart.log')

interface Observed {
  readonly world: EveryOutcome
  readonly quickstart: Quickstart | string | undefined
  readonly collector: ShippedCollector | undefined
  readonly prometheus: Prometheus | undefined
  readonly alertmanager: Alertmanager | undefined
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()

async function main(): Promise<void> {
  const asked = readArguments()
  if (typeof asked === 'string') {
    process.stderr.write(`observe: ${asked}\n`)
    process.exitCode = 2
  } else if (asked.help) process.stdout.write(HELP)
  else await observe(asked.rounds, asked.quickstart)
}

/** A string says what is wrong. */
function readArguments(): { rounds: number; quickstart: boolean; help: boolean } | string {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string' },
        'no-quickstart': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const rounds = values.rounds === undefined ? Number.POSITIVE_INFINITY : Number(values.rounds)
    if (!(rounds >= 1)) return '--rounds takes a number of 1 or more'
    return { rounds, quickstart: !values['no-quickstart'], help: values.help }
  } catch (error) {
    return `${error instanceof Error ? error.message : 'bad arguments'}; --help says what there is`
  }
}

async function observe(rounds: number, withQuickstart: boolean): Promise<void> {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  const missing: string[] = []
  await using stack = new AsyncDisposableStack()
  const notices = stack.use(await startNotices(say))
  const collector = stack.use(await collectorOf(missing))
  const otlpUrl = collector?.httpUrl
  const started = withQuickstart ? await startQuickstart(QUICKSTART_LOG, otlpUrl) : undefined
  if (typeof started === 'object') stack.use(started)
  const world = stack.use(await startEveryOutcome(otlpUrl === undefined ? {} : { otlpUrl }))
  const alertmanager = stack.use(await alertmanagerOf(notices, missing))
  const gateways = { world, quickstart: started, collector }
  const prometheus = stack.use(await prometheusOf(targetsOf(gateways), alertmanager, missing))
  tell({ ...gateways, alertmanager, prometheus }, missing)
  for (let round = 1; round <= rounds && !ending.signal.aborted; round += 1) {
    try {
      await oneRound(round, world, started, ending.signal)
    } catch (error) {
      // On a busy machine a request may end otherwise than was asked for: that is no reason to end all of it.
      say(`round ${round}: ${error instanceof Error ? error.message : String(error)}`)
      await pause(ending.signal)
    }
  }
  say('ending')
}

async function oneRound(
  round: number,
  world: EveryOutcome,
  quickstart: Quickstart | string | undefined,
  ending: AbortSignal,
): Promise<void> {
  await world.good(GOOD_PER_ROUND)
  let failed = 0
  let example = ''
  for (const outcome of world.outcomes) {
    if (ending.aborted) return
    const { report, traceId } = await world.produce(outcome)
    if (report.code === null) continue
    failed += 1
    if (outcome === 'connection_refused') example = `; code 08, connection_refused: trace ${traceId}`
  }
  const asked = typeof quickstart === 'object' ? await quickstart.ask() : 0
  say(
    `round ${round}: ${GOOD_PER_ROUND} good requests, ${failed} reasons of errors, ${asked} of the quickstart${example}`,
  )
  await pause(ending)
}

/** Each gateway is a job of its own: they know different objects, as replicas of one would never. */
function targetsOf({
  world,
  quickstart,
  collector,
}: Pick<Observed, 'world' | 'quickstart' | 'collector'>): Record<string, string[]> {
  const targets: Record<string, string[]> = {}
  for (const { name, prometheusPort } of world.gateways)
    targets[`kanali-${name}`] = [`127.0.0.1:${prometheusPort}`]
  if (typeof quickstart === 'object') targets['kanali'] = [quickstart.metrics]
  if (collector !== undefined) {
    const { spanMetrics, metrics } = collector.ports
    targets['collector'] = [`127.0.0.1:${metrics}`]
    targets['spans'] = [`127.0.0.1:${spanMetrics}`]
  }
  return targets
}

function tell({ world, quickstart, collector, prometheus, alertmanager }: Observed, missing: string[]): void {
  const main = world.gateway()
  const debug = `http://127.0.0.1:${main.profilingPort}`
  say('')
  say('Kanali is observed.')
  if (typeof quickstart === 'object') {
    say(
      '  quickstart    requests http://127.0.0.1:8080  metrics http://127.0.0.1:9000/metrics  debug http://127.0.0.1:9090',
    )
    say(`                what it prints: ${QUICKSTART_LOG}`)
  } else if (quickstart !== undefined) say(`  quickstart    left out: ${quickstart}`)
  say(
    `  every outcome metrics http://127.0.0.1:${main.prometheusPort}/metrics  debug ${debug}/debug/exchanges`,
  )
  if (collector !== undefined) {
    say(
      `  Collector     OTLP ${collector.httpUrl}  span metrics http://127.0.0.1:${collector.ports.spanMetrics}/metrics`,
    )
    say(`                the traces that it keeps: ${TRACES}`)
  }
  if (prometheus !== undefined) {
    say(`  Prometheus    ${prometheus.url}/graph  ${prometheus.url}/alerts`)
  }
  if (alertmanager !== undefined)
    say(`  Alertmanager  http://${alertmanager.address}; what it says is printed here`)
  say('  dashboards    dashboards/generated/*.json, for a Grafana with that Prometheus (docs/dashboards.md)')
  for (const how of missing) say(`  missing       ${how}`)
  say('')
  say('From an alert to its cause: take a trace id from a line below, or from an exemplar, and ask')
  say(`  npm run -s kanali -- explain TRACE_ID --gateway ${debug}`)
  if (collector !== undefined) say(`  npm run -s kanali -- explain TRACE_ID --otlp-json ${TRACES}`)
  if (prometheus !== undefined) {
    say(
      `  curl -sG ${prometheus.url}/api/v1/query --data-urlencode 'query=sum by (code, reason, blame) (kanali_errors_total) > 0'`,
    )
    say(
      `  curl -sG ${prometheus.url}/api/v1/query_exemplars --data-urlencode 'query=kanali_errors_total' -d start=$(($(date +%s) - 300)) -d end=$(date +%s)`,
    )
  }
  say('Ctrl-C ends it.')
  say('')
}

/** Ends early with the rest. */
function pause(ending: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, PAUSE_MS)
  const stop = (): void => {
    clearTimeout(timer)
    resolve()
  }
  ending.addEventListener('abort', stop, { once: true })
  return promise.finally(() => ending.removeEventListener('abort', stop))
}
