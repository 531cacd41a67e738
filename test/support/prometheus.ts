// Debian's Prometheus on a loopback port, with exemplars, scraping once a second what it is told to, and its HTTP API.
// Must never scrape, alert or listen beyond 127.0.0.1, and leaves neither process nor data behind.

import path from 'node:path'
import { freePort } from './free-ports.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'
import { waitUntil } from './wait-until.ts'

export interface PrometheusOptions {
  /** `127.0.0.1:9000`, scraped as the job `kanali`; or addresses by the name of their job. All serve /metrics. */
  readonly targets: readonly string[] | Readonly<Record<string, readonly string[]>>
  /** Absolute paths of files of rules. */
  readonly ruleFiles?: readonly string[]
  /** Addresses of Alertmanagers. */
  readonly alertmanagers?: readonly string[]
  /** May change the configuration before the start: labels of targets, honor_labels. */
  readonly adapt?: (configuration: PrometheusConfiguration) => void
}

export interface PrometheusConfiguration {
  global: Record<string, unknown>
  rule_files: readonly string[]
  alerting?: object
  scrape_configs: ScrapeConfiguration[]
}

export interface ScrapeConfiguration {
  job_name: string
  honor_labels?: boolean
  static_configs: { targets: readonly string[]; labels?: Record<string, string> }[]
}

export type PrometheusLabels = Readonly<Record<string, string>>

/** One series of an instant query. */
export interface InstantSample {
  readonly labels: PrometheusLabels
  readonly value: number
}

/** One series of a range query: seconds since the epoch, and values. */
export interface RangeSeries {
  readonly labels: PrometheusLabels
  readonly points: readonly (readonly [at: number, value: number])[]
}

export interface FoundExemplar {
  /** Of the series that it stands on. */
  readonly series: PrometheusLabels
  readonly labels: PrometheusLabels
  readonly value: number
  /** Seconds since the epoch. */
  readonly at: number
}

export interface ActiveAlert {
  readonly labels: PrometheusLabels
  readonly annotations: PrometheusLabels
  readonly state: 'pending' | 'firing' | 'inactive'
}

interface Target {
  readonly health: string
  readonly lastScrape: string
  readonly lastError: string
}

const STARTS_MAX = 3

export class Prometheus implements AsyncDisposable {
  readonly url: string
  readonly process: RunningProcess
  readonly #folder: TempFolder

  constructor(port: number, running: RunningProcess, folder: TempFolder) {
    this.url = `http://127.0.0.1:${port}`
    this.process = running
    this.#folder = folder
  }

  /** Every series that `promql` gives now, or at that moment (seconds since the epoch). Throws with Prometheus' words. */
  async query(promql: string, at?: number): Promise<InstantSample[]> {
    const data = await this.#ask('query', { query: promql, ...(at !== undefined && { time: String(at) }) })
    const { resultType, result } = data as { resultType: string; result: unknown }
    if (resultType === 'scalar') return [{ labels: {}, value: Number((result as [number, string])[1]) }]
    if (resultType !== 'vector') throw new Error(`${promql} gives a ${resultType}, not a vector`)
    return (result as { metric: PrometheusLabels; value: [number, string] }[]).map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1]),
    }))
  }

  /** `promql` from one moment to another (seconds since the epoch), a point every `stepS` seconds. */
  async queryRange(promql: string, from: number, to: number, stepS: number): Promise<RangeSeries[]> {
    const range = { query: promql, start: String(from), end: String(to), step: String(stepS) }
    const { result } = (await this.#ask('query_range', range)) as {
      result: { metric: PrometheusLabels; values: [number, string][] }[]
    }
    return result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([at, value]) => [at, Number(value)] as const),
    }))
  }

  /** The exemplars of all series that `promql` reads, between two moments (seconds since the epoch). */
  async exemplars(promql: string, from: number, to: number): Promise<FoundExemplar[]> {
    const range = { query: promql, start: String(from), end: String(to) }
    const found = (await this.#ask('query_exemplars', range)) as {
      seriesLabels: PrometheusLabels
      exemplars: { labels: PrometheusLabels; value: string; timestamp: number }[]
    }[]
    return found.flatMap(({ seriesLabels, exemplars }) =>
      exemplars.map(({ labels, value, timestamp }) => ({
        series: seriesLabels,
        labels,
        value: Number(value),
        at: timestamp,
      })),
    )
  }

  /** The label sets of all series that a selector such as `{job="kanali"}` finds. */
  async series(selector: string): Promise<PrometheusLabels[]> {
    return (await this.#ask('series', { 'match[]': selector })) as PrometheusLabels[]
  }

  /** The values of a label, over all series or over those of a selector, sorted. */
  async labelValues(label: string, selector?: string): Promise<string[]> {
    const asked = selector === undefined ? {} : { 'match[]': selector }
    return (await this.#ask(`label/${label}/values`, asked)) as string[]
  }

  /** What is pending or firing now. */
  async alerts(): Promise<ActiveAlert[]> {
    return ((await this.#ask('alerts', {})) as { alerts: ActiveAlert[] }).alerts
  }

  /** Waits until every target was scraped, well, after this call: what happened before it can then be queried. */
  async nextScrape(timeoutMs = 20_000): Promise<void> {
    const since = Date.now()
    let seen: Target[] = []
    await this.process.until(
      async () => {
        const { activeTargets } = (await this.#ask('targets', { state: 'active' })) as {
          activeTargets: Target[]
        }
        seen = activeTargets
        return (
          seen.length > 0 &&
          seen.every(({ health, lastScrape }) => health === 'up' && Date.parse(lastScrape) > since)
        )
      },
      'every target is scraped',
      { timeoutMs, everyMs: 100 },
    )
  }

  /** Waits until `promql` gives at least one series that `accepts` takes, and gives all of those. */
  async until(
    promql: string,
    accepts: (sample: InstantSample) => boolean = () => true,
    timeoutMs = 20_000,
  ): Promise<InstantSample[]> {
    let seen: InstantSample[] = []
    return waitUntil(
      async () => {
        seen = await this.query(promql)
        const found = seen.filter(accepts)
        return found.length > 0 && found
      },
      () => `${promql}; it gave: ${JSON.stringify(seen).slice(0, 2000)}`,
      { timeoutMs, everyMs: 200 },
    )
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.#folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** The `data` of an answer of the HTTP API. */
  async #ask(endpoint: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const response = await fetch(
      `${this.url}/api/v1/${endpoint}?${new URLSearchParams(parameters).toString()}`,
    )
    const answer = (await response.json()) as { status: string; error?: string; data?: unknown }
    if (answer.status === 'success') return answer.data
    throw new Error(`Prometheus on ${endpoint} ${JSON.stringify(parameters)}: ${answer.error}`)
  }
}

/** Starts `binary` (see describeWithTools) and waits until it is ready; it has scraped nothing yet. */
export async function startPrometheus(binary: string, options: PrometheusOptions): Promise<Prometheus> {
  for (let start = 1; ; start++) {
    const port = await freePort()
    const folder = await tempFolder('prometheus')
    const running = new RunningProcess(binary, [
      `--config.file=${await folder.write('prometheus.yaml', JSON.stringify(configuration(options)))}`,
      `--storage.tsdb.path=${path.join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ])
    try {
      await running.until(() => isReady(port), 'Prometheus is ready', { timeoutMs: 30_000 })
      return new Prometheus(port, running, folder)
    } catch (error) {
      await running.stop()
      await folder.remove()
      if (!running.stderr.includes('address already in use') || start === STARTS_MAX) throw error
    }
  }
}

/** JSON is YAML. */
function configuration(options: PrometheusOptions): PrometheusConfiguration {
  const { targets, ruleFiles = [], alertmanagers = [], adapt = () => undefined } = options
  const byJob = isList(targets) ? { kanali: targets } : targets
  const made: PrometheusConfiguration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    ...(alertmanagers.length > 0 && {
      alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] },
    }),
    scrape_configs: Object.entries(byJob).map(([job, addresses]) => ({
      job_name: job,
      static_configs: [{ targets: addresses }],
    })),
  }
  adapt(made)
  return made
}

function isList(targets: PrometheusOptions['targets']): targets is readonly string[] {
  return Array.isArray(targets)
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/-/ready`)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
