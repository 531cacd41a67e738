// What holds of every rule without asking a program: names, labels, words, links, and that nothing in it is invented.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ALERTS, RULE_GROUPS } from '../../dashboards/alerts/groups.ts'
import { METRIC } from '../../dashboards/alerts/metric.ts'
import { RECORD } from '../../dashboards/alerts/record-names.ts'
import { type AlertingRule, rulesOf, SEVERITIES } from '../../dashboards/alerts/rule.ts'
import { CODE_LEVELS, THRESHOLDS } from '../../dashboards/alerts/thresholds.ts'
import { DASHBOARDS, RUNBOOK_BASE } from '../../dashboards/links.ts'
import { CATALOGUE, codeText, ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { BLAMES, type CatalogueEntry } from '../../src/errors/catalogue-entry.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const GENERATED = path.join(ROOT, 'dashboards/generated')
const RULES: readonly AlertingRule[] = ALERTS.flatMap(rulesOf)
const RECORDS = RULE_GROUPS.flatMap(({ rules }) => rules).filter((rule) => 'record' in rule)
const EXPRESSIONS = [...RULES, ...RECORDS].map(({ expr }) => expr)

describe('the two forms of the rules', () => {
  const read = (file: string) =>
    parse(readFileSync(path.join(GENERATED, file), 'utf8')) as Record<string, unknown>

  test('hold the same groups', () => {
    const { spec, ...rest } = read('prometheus-rule.yaml')
    expect(rest).toMatchObject({ apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' })
    expect(spec).toEqual({ groups: read('kanali-rules.yaml')['groups'] })
    expect(read('kanali-rules.yaml')['groups']).toEqual(JSON.parse(JSON.stringify(RULE_GROUPS)))
  })
})

describe('every alert', () => {
  test.each(ALERTS)('$name has words, links, a severity and a blame', (alert) => {
    expect(alert.name).toMatch(/^Kanali[A-Z][A-Za-z0-9]+$/)
    expect(alert.when).not.toMatch(/^(?!Prometheus)[A-Z]|\.$/)
    for (const { labels, annotations, expr } of rulesOf(alert)) {
      expect(SEVERITIES).toContain(labels['severity'])
      if (labels['blame'] === undefined) expect(expr).toMatch(/by \([^)]*blame\)|gateway_blame:/)
      else expect(BLAMES).toContain(labels['blame'])
      for (const text of Object.values(annotations)) expect(text.length).toBeGreaterThan(10)
      expect(annotations.summary, 'a summary does not change').not.toContain('$value')
      expect(annotations.description).toMatch(/\.(\{\{ end \}\})?$/)
    }
  })

  test('has a name of its own, and levels that differ in their labels', () => {
    expect(new Set(ALERTS.map(({ name }) => name)).size).toBe(ALERTS.length)
    const identities = RULES.map(({ alert, labels, expr }) => JSON.stringify([alert, labels, expr]))
    expect(new Set(identities).size).toBe(RULES.length)
  })

  test('leads to a runbook that is there', () => {
    for (const { annotations } of RULES) {
      expect(annotations.runbook_url).toMatch(`${RUNBOOK_BASE}/`)
      const file = path.join(ROOT, 'docs/runbooks', annotations.runbook_url.slice(RUNBOOK_BASE.length + 1))
      expect(existsSync(file), file).toBe(true)
    }
  })

  test('leads to a dashboard that is there, by variables that it has', () => {
    for (const { alert, annotations } of RULES) {
      const [, uid = '', query = ''] = /^\/d\/([a-z-]+)(?:\?(.*))?$/.exec(annotations.dashboard_url) ?? []
      const name = (DASHBOARDS as Readonly<Record<string, string>>)[uid]
      const board = JSON.parse(readFileSync(path.join(GENERATED, `${name}.json`), 'utf8')) as {
        uid: string
        templating: { list: { name: string }[] }
      }
      expect(board.uid, alert).toBe(uid)
      const variables = board.templating.list.map((variable) => `var-${variable.name}`)
      for (const name of query.split('&').map((part) => part.split('=')[0]))
        expect(variables, alert).toContain(name)
    }
  })
})

describe('the alerts of codes', () => {
  test.each(CATALOGUE.map((entry: CatalogueEntry) => entry))(
    'cover code $code with every blame of its reasons',
    (entry) => {
      const rules = RULES.filter(({ alert }) => alert === `KanaliCode${codeText(entry.code)}`)
      for (const blame of new Set(entry.reasons.map((cause) => cause.blame))) {
        const levels = CODE_LEVELS.filter((level) => level.blame === blame)
        expect(levels.length).toBeGreaterThan(0)
        const severities = rules
          .filter(({ labels }) => labels['blame'] === blame)
          .map(({ labels }) => labels['severity'])
        expect(severities).toEqual(levels.map(({ severity }) => severity))
      }
    },
  )

  test('never page for what clients bring on themselves, save where nearly nothing gets through', () => {
    const pages = RULES.filter(({ labels }) => labels['severity'] === 'page')
    expect(pages.length).toBeGreaterThan(10)
    expect(
      pages
        .filter(({ labels, expr }) => labels['blame'] === 'client' || expr.includes('blame="client"'))
        .map(({ alert }) => alert),
    ).toEqual(['KanaliMostRequestsRefused'])
  })

  test('of the generic reasons name all of the catalogue, and no other', () => {
    const rule = RULES.find(({ alert }) => alert === 'KanaliGenericReason')
    const named = /reason=~"([^"]+)"/.exec(rule?.expr ?? '')?.[1]?.split('|')
    expect(named).toEqual(ERROR_FACTS.filter(({ generic }) => generic === true).map(({ reason }) => reason))
  })
})

describe('expressions', () => {
  const recorded = new Set(RECORDS.map(({ record }) => record))

  test('name metrics of the gateway, of Prometheus, or recorded ones, and no other', () => {
    const known = new Set<string>([...Object.values(METRIC), ...recorded])
    const unknown = EXPRESSIONS.flatMap(namesIn).filter(
      (name) => !known.has(name.replace(/_(bucket|count|sum)$/, '')),
    )
    expect(unknown).toEqual([])
  })

  test('read recorded series only after they are recorded, in the order of the groups', () => {
    const before = new Set<string>()
    for (const rule of RULE_GROUPS.flatMap(({ rules }) => rules)) {
      for (const name of namesIn(rule.expr)) if (recorded.has(name)) expect(before, name).toContain(name)
      if ('record' in rule) before.add(rule.record)
    }
    expect(Object.values(RECORD).filter((name) => !recorded.has(name))).toEqual([])
  })

  test('name no job, and nothing that is made of sampled traces', () => {
    for (const expr of EXPRESSIONS) {
      expect(expr).not.toMatch(/\bjob\s*=|instance\s*=/)
      expect(expr).not.toMatch(/traces_span_metrics|tempo|spanmetrics/)
    }
  })

  test('group what they say by the deployment', () => {
    for (const { expr, alert } of RULES)
      if (!expr.startsWith('absent(')) expect(expr, alert).toMatch(/\(job[,)]|\bgateway[a-z_]*:/)
  })
})

describe('the table of thresholds', () => {
  test('says why of every row, and holds shares that are shares', () => {
    for (const { why } of [...Object.values(THRESHOLDS), ...CODE_LEVELS])
      expect(why.length).toBeGreaterThan(10)
    for (const [name, { value, unit }] of Object.entries(THRESHOLDS)) {
      expect(value, name).toBeGreaterThan(0)
      if (unit === 'share') expect(value, name).toBeLessThan(1)
    }
  })

  test('asks for more before it is louder', () => {
    for (const blame of BLAMES) {
      const [quiet, loud] = CODE_LEVELS.filter((level) => level.blame === blame)
      expect(loud?.share, blame).toBeGreaterThan(quiet?.share ?? 1)
      expect(loud?.trafficMin, blame).toBeGreaterThan(quiet?.trafficMin ?? Infinity)
    }
  })
})

/** Names of series in an expression: what stands before a selector or alone, and is no word of the language. */
function namesIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '""')
    .replace(/(by|on|ignoring|group_left|group_right) \([^)]*\)/g, '')
  return Array.from(bare.matchAll(/\b((?:kanali|nodejs|process|gateway|traces)[a-z0-9_:]+|up)\b/g)).map(
    ([name]) => name,
  )
}
