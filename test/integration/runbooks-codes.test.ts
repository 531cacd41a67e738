// Every command of the runbooks of the fifteen codes, run by a real shell on real gateways in the state of the page: the
// first three and the search for the change for each reason of the code, the others for the reason of their section.
// What needs a cluster is run by runbooks-kubectl.test.ts.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnyCodeAdvice } from '../../dashboards/runbooks/advice.ts'
import { CODE_ADVICE } from '../../dashboards/runbooks/code-advice.ts'
import { CATALOGUE, codeText, ERROR_FACTS, errorOf, type Reason } from '../../src/errors/catalogue.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { EveryOutcome, Produced } from '../support/every-outcome/every-outcome.ts'
import { startEveryOutcome } from '../support/every-outcome/start.ts'
import { type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { commandsOf, needsCluster, type PageCommand } from '../support/runbooks/page-commands.ts'
import { placeholdersOf } from '../support/runbooks/placeholders.ts'
import { differences, misunderstood, type Run } from '../support/runbooks/run-pages.ts'
import { RunbookShell } from '../support/runbooks/shell.ts'

const TOOLS = ['prometheus', 'promtool', 'curl', 'openssl', 'redis-cli', 'ip']

describeWithTools(TOOLS, 'a runbook of a code', (binary = '', ...programs) => {
  let world: EveryOutcome
  let prometheus: Prometheus
  let shell: RunbookShell
  const produced = new Map<Reason, Produced>()

  beforeAll(async () => {
    world = await startEveryOutcome()
    prometheus = await startPrometheus(binary, { targets: world.targets })
    shell = await RunbookShell.open(programs)
    // A rise is one between two scrapes, also of a series that is new.
    await prometheus.nextScrape()
    for (let round = 0; round < 2; round++) {
      await world.good(16)
      for (const reason of world.reasons) produced.set(reason, await world.produce(reason))
      await prometheus.nextScrape()
    }
  }, 120_000)
  afterAll(async () => {
    await shell?.[Symbol.asyncDispose]()
    await prometheus?.stop()
    await world?.stop()
  })

  function runOf(command: PageCommand, reason: Reason): Run {
    const state = produced.get(reason)
    if (state === undefined) throw new Error(`${reason} was not produced`)
    const values = placeholdersOf(state, { prometheus: prometheus.url.replace('http://', '') })
    return { command, gateway: state.gateway, values, state: reason }
  }

  test.each(CATALOGUE.map(({ code }) => codeText(code)))(
    '%s says what its commands show',
    async (code) => {
      const reasons = CATALOGUE[Number(code)]?.reasons.map(({ reason }) => reason) ?? []
      const commands = commandsOf(`code-${code}.md`).filter((command) => !needsCluster(command))
      const runs = commands.flatMap((command) => {
        if (command.section === 'first') return reasons.map((reason) => runOf(command, reason))
        if (command.section !== 'change') return [runOf(command, command.section as Reason)]
        const ofConfig = reasons.filter((reason) => errorOf(reason).blame === 'config')
        const recorded = ofConfig.filter(
          (reason) => produced.get(reason)?.gateway.places.journal !== undefined,
        )
        return recorded.map((reason) => runOf(command, reason))
      })
      expect(runs.length).toBeGreaterThan(0)
      expect(await differences(shell, runs)).toEqual([])
    },
    120_000,
  )

  test.each(CATALOGUE.map(({ code }) => code))(
    'tells the reasons of code %i apart by what their details have',
    (code) => {
      const advice: AnyCodeAdvice = CODE_ADVICE[code]
      const reasons = ERROR_FACTS.filter((fact) => fact.code === code).map(({ reason }) => reason)
      for (const { reason, detail } of reasons.map((one) => ({
        reason: one,
        detail: advice.reasons[one]?.detail,
      }))) {
        if (detail === undefined) continue
        const having = reasons.filter((one) => produced.get(one)?.report.detail.includes(detail))
        expect(having).toEqual([reason])
      }
    },
  )

  test('the conditions that its page names are those of the ApiProxies', async () => {
    const wrong: string[] = []
    for (const [reason, { gateway, report }] of produced) {
      const { code, codeText: digits } = errorOf(reason)
      const advice: AnyCodeAdvice = CODE_ADVICE[code as keyof typeof CODE_ADVICE]
      const condition = advice.reasons[reason]?.condition
      const { namespace = '', name = '' } = report.apiproxy ?? {}
      const query = new URLSearchParams({ namespace, name, kind: 'ApiProxy' }).toString()
      const page = await (
        await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/snapshot?${query}`)
      ).text()
      const isThere =
        condition === undefined ? !page.includes(`code ${digits}:`) : page.includes(`"${condition}"`)
      if (!isThere) wrong.push(`${reason}: ${condition ?? 'none'}`)
    }
    expect(wrong).toEqual([])
  })

  test('and the commands in its sentences, as kanali explain fills them in, are understood', async () => {
    const all = [...produced.values()]
    expect(all.flatMap(({ report }) => report.checks).length).toBeGreaterThan(100)
    expect(await misunderstood(shell, all, (command) => !command.includes('kubectl'))).toEqual([])
  }, 120_000)
})
