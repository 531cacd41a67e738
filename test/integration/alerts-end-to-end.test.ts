// From a failing request to whoever is told of it: a real gateway, scraped by a real Prometheus with the committed rules,
// whose windows are a sixtieth of what they are, and a real Alertmanager with the committed routes. And what the
// recommended scrape makes of labels, beside the default one.

import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { METRIC } from '../../dashboards/alerts/metric.ts'
import { RULE_GROUPS } from '../../dashboards/alerts/groups.ts'
import { RULES_FILE } from '../support/alert-cases/promtool.ts'
import { type Alertmanager, startAlertmanager } from '../support/alertmanager.ts'
import { committedRoutes, type Notified, startNotified } from '../support/notified.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

/** As a PodMonitor names them. */
const JOB = 'edge/kanali'
const POD = { namespace: 'edge', pod: 'kanali-0', container: 'kanali' }
/** The same targets, scraped as Prometheus does by default. */
const MISREAD = 'edge/misread'
const FASTER = 60
/** Prometheus makes it; only a gateway of several processes has it, as that of the runbook of its alert. */
const ELSEWHERE: ReadonlySet<string> = new Set([METRIC.up, METRIC.workerRestarts])

describeWithTools(
  ['prometheus', 'prometheus-alertmanager'],
  'alerts, from a failing request to a notification',
  (prometheusPath = '', alertmanagerPath = '') => {
    let folder: TempFolder
    let gateway: GatewayProcess
    let notified: Notified
    let alertmanager: Alertmanager
    let prometheus: Prometheus
    let traffic: { stop(): Promise<void> }

    beforeAll(async () => {
      folder = await tempFolder('alerts')
      gateway = await startGatewayProcess({
        manifests: {
          'shop.yaml': [
            mockTarget('fine').inNamespace('demo').route('/', 200, 'fine').build(),
            apiProxy('fine').inNamespace('demo').at('/fine').mock('fine').build(),
            apiProxy('shop')
              .inNamespace('demo')
              .at('/shop')
              .toEndpoint(`http://127.0.0.1:${await freePort()}`)
              .build(),
          ],
        },
        flags: { 'events.journal_dir': `${folder.path}/journal` },
      })
      notified = await startNotified()
      alertmanager = await startAlertmanager(alertmanagerPath, await committedRoutes(notified.url))
      prometheus = await startPrometheus(prometheusPath, {
        targets: {
          [JOB]: [`127.0.0.1:${gateway.prometheusPort}`],
          [MISREAD]: [`127.0.0.1:${gateway.prometheusPort}`],
        },
        ruleFiles: [await folder.write('rules.yaml', faster(await readFile(RULES_FILE, 'utf8')))],
        alertmanagers: [alertmanager.address],
        adapt: ({ scrape_configs }) => {
          for (const scrape of scrape_configs) {
            scrape.honor_labels = scrape.job_name === JOB
            for (const each of scrape.static_configs) each.labels = POD
          }
        },
      })
      // The counters must have been seen at 0.
      await prometheus.nextScrape()
      traffic = drive(gateway.port)
    }, 120_000)

    afterAll(async () => {
      await traffic?.stop()
      await prometheus?.stop()
      await alertmanager?.stop()
      await notified?.stop()
      await gateway?.stop()
      await folder?.remove()
    })

    test('an upstream that refuses pages who runs it, with what a person needs first', async () => {
      const told = await notified.until(
        ({ receiver, labels }) =>
          receiver === 'kanali-upstream-page' &&
          labels['alertname'] === 'KanaliCode08' &&
          labels['job'] === JOB,
        'a page of code 08',
      )
      expect(told).toMatchObject({
        status: 'firing',
        labels: { alertname: 'KanaliCode08', blame: 'upstream', code: '08', job: JOB, severity: 'page' },
        annotations: {
          summary: `Too many requests to ${JOB} end in code 08, by the fault of upstream`,
          description: expect.stringMatching(
            /^\d+(\.\d+)?% of the requests of the last 5m ended in code 08 .* Reasons: 08 connection_refused [\d.]+\/s\. Most at: demo\/shop [\d.]+\/s\.$/,
          ),
          runbook_url: expect.stringMatching(/\/docs\/runbooks\/code-08\.md$/),
          dashboard_url: '/d/kanali-errors?var-job=edge%2Fkanali&var-code=08',
        },
      })
    }, 90_000)

    test('the burn of the error budget names the same blame', async () => {
      const { labels } = await notified.until(
        ({ receiver, labels: of }) =>
          receiver === 'kanali-upstream-page' && of['alertname'] === 'KanaliErrorBudgetBurn',
        'a page of the error budget',
      )
      expect(labels).toMatchObject({ blame: 'upstream', severity: 'page' })
    }, 90_000)

    test('the page keeps the ticket of the same thing from being sent', async () => {
      await waitUntil(
        async () =>
          (await alertmanager.alerts()).some(
            ({ labels, status }) =>
              labels['alertname'] === 'KanaliCode08' &&
              labels['severity'] === 'ticket' &&
              labels['job'] === JOB &&
              status.inhibitedBy.length > 0,
          ),
        'the ticket is inhibited',
        { timeoutMs: 60_000, everyMs: 200 },
      )
      expect(
        notified.told.filter(
          ({ receiver, labels }) =>
            labels['alertname'] === 'KanaliCode08' && receiver !== 'kanali-upstream-page',
        ),
      ).toEqual([])
    }, 90_000)

    test('the recommended scrape leaves namespace to the ApiProxy, the default one does not, and is noticed', async () => {
      const namespaces = async (job: string, matcher: string) => {
        const found = await prometheus.series(`kanali_requests_total{job="${job}",${matcher}}`)
        return Array.from(
          new Set(found.map(({ namespace, exported_namespace: exported }) => `${namespace} ${exported}`)),
        )
      }
      expect(await namespaces(JOB, 'apiproxy="shop"')).toEqual(['demo undefined'])
      expect(await namespaces(JOB, 'apiproxy=""')).toEqual(['undefined undefined'])
      expect(await namespaces(MISREAD, 'apiproxy="shop"')).toEqual(['edge demo'])
      expect(await namespaces(MISREAD, 'apiproxy=""')).toEqual(['edge undefined'])
      const ready = await prometheus.query(`kanali_ready{job="${JOB}"}`)
      expect(ready).toEqual([{ labels: expect.objectContaining({ namespace: 'edge' }), value: 1 }])

      const told = await notified.until(
        ({ labels }) => labels['alertname'] === 'KanaliScrapeLabelsRenamed',
        'a ticket of the scrape',
      )
      expect(told).toMatchObject({ receiver: 'kanali-config-ticket', labels: { job: MISREAD } })
    }, 90_000)

    test('what is not wrong is not told', () => {
      const named = new Set(notified.told.map(({ labels }) => labels['alertname']))
      expect(
        Array.from(named).filter((name) =>
          /Ready|Disagreement|Stale|NotSynced|Journal|Dropped|Uncaught|Certificate|Generic/.test(name ?? ''),
        ),
      ).toEqual([])
    })

    test('every rule is evaluated without a fault, and every metric in it is one that the gateway has', async () => {
      const response = await fetch(`${prometheus.url}/api/v1/rules`)
      const { data } = (await response.json()) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] }
      }
      const rules = data.groups.flatMap((group) => group.rules)
      expect(rules).toHaveLength(RULE_GROUPS.flatMap((group) => group.rules).length)
      expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])

      const page = new Exposition(await gateway.metrics(), 'text/plain')
      const used = Object.values(METRIC).filter((name) =>
        RULE_GROUPS.some((group) =>
          group.rules.some(({ expr }) => new RegExp(`\\b${name}\\b|\\b${name}_(bucket|count)\\b`).test(expr)),
        ),
      )
      expect(used.length).toBeGreaterThan(20)
      expect(used.filter((name) => !ELSEWHERE.has(name) && !page.families.has(name))).toEqual([])
    })
  },
)

/** The rules with every duration a sixtieth of what it is. */
function faster(rules: string): string {
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const
  const shorter = (duration: string) =>
    duration.replace(
      /(\d+)([smhd])/,
      (_, count: string, unit: keyof typeof seconds) => `${(Number(count) * seconds[unit]) / FASTER}s`,
    )
  return rules.replace(/\[\d+[smhd]\]/g, shorter).replace(/^ +for: \w+$/gm, shorter)
}

/** About fifteen requests a second, of which most fail at the upstream, until it is stopped. */
function drive(port: number): { stop(): Promise<void> } {
  const stopped = new AbortController()
  const paths = ['/shop', '/shop', '/fine', '/nowhere']
  const asking = (async () => {
    while (!stopped.signal.aborted) {
      for (const path of paths) {
        const response = await fetch(`http://127.0.0.1:${port}${path}`)
        await response.arrayBuffer()
      }
      await waitFor(250)
    }
  })()
  return {
    async stop() {
      stopped.abort()
      await asking
    },
  }
}

function waitFor(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
