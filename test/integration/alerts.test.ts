// The committed rules and the real promtool: it accepts them, every alert fires where it has to, with the labels and the
// words that it has to have, and keeps silent in every near miss.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ALERTS } from '../../dashboards/alerts/groups.ts'
import { rulesOf } from '../../dashboards/alerts/rule.ts'
import { together } from '../support/alert-cases/alert-case.ts'
import { ALL_CASES } from '../support/alert-cases/all-cases.ts'
import { CODE_CASES } from '../support/alert-cases/codes.ts'
import { failuresOf, RULES_FILE } from '../support/alert-cases/promtool.ts'
import { SLO_CASES } from '../support/alert-cases/slo.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'

const run = promisify(execFile)

const CODE_ALERTS = Array.from(Map.groupBy(CODE_CASES, ({ alert }) => alert))
const WRITTEN = Array.from(
  Map.groupBy(
    ALL_CASES.filter((each) => !CODE_CASES.includes(each) && !SLO_CASES.includes(each)),
    ({ alert }) => alert,
  ),
)

describeWithTools(['promtool'], 'alerts, judged by promtool', (promtool = '') => {
  test('the rules file is accepted, without a remark', async () => {
    const { stdout } = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', RULES_FILE])
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/)
  })

  test('a rule that is not as it should be is noticed: promtool is really asked', async () => {
    const [first] = WRITTEN[0]?.[1] ?? []
    if (first === undefined) throw new Error('there are no cases')
    const words = await failuresOf(promtool, [{ ...first, fires: [] }])
    expect(words).toContain(`alertname: ${first.alert}`)
    expect(words).toContain('FAILED')
  })

  test.each(CODE_ALERTS)(
    '%s, for every blame and level, and each near miss of it',
    async (name, cases) => {
      expect(await failuresOf(promtool, [together(name, cases)])).toBeUndefined()
    },
    60_000,
  )

  test.each(WRITTEN)(
    '%s',
    async (_, cases) => {
      expect(await failuresOf(promtool, cases)).toBeUndefined()
    },
    60_000,
  )

  test('KanaliErrorBudgetBurn, over three days of several deployments', async () => {
    expect(await failuresOf(promtool, [together('burn', SLO_CASES)])).toBeUndefined()
  }, 180_000)
})

describe('the cases of alerts', () => {
  test.each(ALERTS)('$name has a case for every level that fires, and near misses', (alert) => {
    const cases = ALL_CASES.filter((each) => each.alert === alert.name)
    const fired = cases.flatMap(({ fires }) => fires.map(({ labels }) => labels))
    for (const rule of rulesOf(alert)) {
      expect(fired, JSON.stringify(rule.labels)).toContainEqual(expect.objectContaining(rule.labels))
    }
    expect(cases.filter(({ fires, miss }) => fires.length === 0 && miss !== undefined)).not.toEqual([])
  })

  test('are of alerts that exist, fire or say how near they are, and have a name each', () => {
    const names = new Set(ALERTS.map(({ name }) => name))
    for (const { alert, title, fires, miss } of ALL_CASES) {
      expect(names).toContain(alert)
      // Of a code, what a level misses may be what another one fires at.
      if (!/Code\d\d$/.test(alert)) expect(fires.length === 0, title).toBe(miss !== undefined)
    }
    const titles = ALL_CASES.map(({ alert, title }) => `${alert}: ${title}`)
    expect(new Set(titles).size).toBe(titles.length)
  })

  test('are near misses of every kind', () => {
    expect(new Set(ALL_CASES.flatMap(({ miss }) => miss ?? []))).toEqual(
      new Set([
        'below the threshold',
        'too little traffic',
        'too short',
        'client blame',
        'counter reset',
        'of no concern',
        'over already',
      ]),
    )
  })

  test('name a severity and a blame on whatever fires', () => {
    for (const { alert, title, fires } of ALL_CASES) {
      for (const { labels } of fires) {
        expect(labels['severity'], `${alert}: ${title}`).toMatch(/^(page|ticket|info)$/)
        expect(labels['blame'], `${alert}: ${title}`).toMatch(/^(client|config|upstream|plugin|gateway)$/)
      }
    }
  })
})
