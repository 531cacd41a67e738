// Every command of the runbooks of alerts, run by a real shell on a gateway in the state that the alert is about. What
// needs a cluster is run by runbooks-kubectl.test.ts; that each alert fires in its state, by the tests of the rules.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { AlertStates } from '../support/runbooks/alert-states.ts'
import { commandsOf, needsCluster, runbookPages } from '../support/runbooks/page-commands.ts'
import { differences, type Run } from '../support/runbooks/run-pages.ts'
import { RunbookShell } from '../support/runbooks/shell.ts'

const TOOLS = ['prometheus', 'promtool', 'curl', 'openssl', 'redis-cli']
const PAGES = runbookPages().filter((page) => !page.startsWith('code-'))

describeWithTools(TOOLS, 'a runbook of an alert', (binary = '', ...programs) => {
  let alerts: AlertStates
  let shell: RunbookShell

  beforeAll(async () => {
    alerts = await AlertStates.start(binary)
    shell = await RunbookShell.open(programs)
  }, 120_000)
  afterAll(async () => {
    await shell?.[Symbol.asyncDispose]()
    await alerts?.[Symbol.asyncDispose]()
  })

  test('has a state of its own', () => {
    expect([...alerts.states.keys()].sort()).toEqual(PAGES)
  })

  test.each(PAGES)(
    '%s says what its commands show',
    async (page) => {
      const state = alerts.states.get(page)
      if (state === undefined) throw new Error(`no state for ${page}`)
      const commands = commandsOf(page)
      expect(commands.length).toBe(3)
      const runs = commands
        .filter((command) => !needsCluster(command))
        .map(
          (command): Run => ({ command, gateway: state.gateway, values: state.values, state: 'its state' }),
        )
      expect(runs.length).toBeGreaterThan(0)
      expect(await differences(shell, runs)).toEqual([])
    },
    60_000,
  )
})
