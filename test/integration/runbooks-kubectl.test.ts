// Every command of the runbooks that needs a cluster, run by a real kubectl against a real API server with the gateway
// beside it in the state of the page.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ERROR_FACTS, type Reason } from '../../src/errors/catalogue.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { Produced } from '../support/every-outcome/every-outcome.ts'
import { type RealCluster, startRealCluster } from '../support/every-outcome/real-cluster.ts'
import { commandsOf, needsCluster, runbookPages } from '../support/runbooks/page-commands.ts'
import { placeholdersOf } from '../support/runbooks/placeholders.ts'
import { differences, misunderstood, type Run } from '../support/runbooks/run-pages.ts'
import { RunbookShell } from '../support/runbooks/shell.ts'

const ACCOUNT = { 'gateway namespace': 'kanali', 'service account': 'kanali-limited' }
/** For pages of alerts: a request whose names are those of the alert. */
const OF_ALERTS: Reason = 'ca_unparsable'
const EXPIRING = { secret: 'expiring', namespace: 'shop' }
const PAGES = runbookPages().filter((page) => commandsOf(page).some(needsCluster))

describeWithTools(['kube-apiserver', 'etcd', 'kubectl', 'openssl'], 'kubectl in a runbook', (...programs) => {
  const [apiserver = '', etcd = ''] = programs
  let cluster: RealCluster
  let shell: RunbookShell
  const produced = new Map<string, Produced>()

  beforeAll(async () => {
    cluster = await startRealCluster(apiserver, etcd)
    shell = await RunbookShell.open(programs, { KUBECONFIG: cluster.kubeconfig })
    for (const outcome of cluster.world.outcomes) produced.set(outcome, await cluster.world.produce(outcome))
  }, 120_000)
  afterAll(async () => {
    await shell?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })

  test.each(PAGES)(
    'shows what %s says',
    async (page) => {
      const digits = /^code-(\d\d)\.md$/.exec(page)?.[1]
      const ofPage = ERROR_FACTS.filter(({ codeText }) => codeText === digits).map(({ reason }) => reason)
      const had = ofPage.filter((reason) => produced.has(reason))
      const runs = commandsOf(page)
        .filter(needsCluster)
        .flatMap((command): Run[] => {
          const isSection = command.section !== 'first' && command.section !== 'change'
          const states = digits === undefined ? [OF_ALERTS] : isSection ? [command.section] : had
          return states.map((state) => {
            const exchange = produced.get(state)
            if (exchange === undefined) throw new Error(`${page}:${command.line}: no cluster shows ${state}`)
            const values = placeholdersOf(exchange, { ...ACCOUNT, ...(digits === undefined && EXPIRING) })
            return { command, gateway: exchange.gateway, values, state }
          })
        })
      expect(runs.length).toBeGreaterThan(0)
      expect(await differences(shell, runs)).toEqual([])
    },
    60_000,
  )

  test('in the sentences of a page, as kanali explain fills it in, is understood', async () => {
    const all = [...produced.values()]
    const isKubectl = (command: string): boolean => command.includes('kubectl')
    expect(all.flatMap(({ report }) => report.checks.filter(isKubectl)).length).toBeGreaterThan(50)
    expect(await misunderstood(shell, all, isKubectl)).toEqual([])
  }, 120_000)
})
