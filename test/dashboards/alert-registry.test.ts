// Every metric, label and value that a rule reads, or that a case of an alert is made of, is one of the telemetry
// registry: an alert on something that does not exist would be silent for ever.

import { describe, expect, test } from 'vitest'
import { RULE_GROUPS } from '../../dashboards/alerts/groups.ts'
import { ALL_CASES } from '../support/alert-cases/all-cases.ts'
import { telemetryRegistry } from '../support/registry/registry.ts'

/** Labels that Prometheus puts on what it scrapes, and one that it renames another to. */
const OF_THE_TARGET: ReadonlySet<string> = new Set(['job', 'instance', 'pod', 'exported_namespace'])
/** Made by Prometheus for each target. */
const UP = 'up'

const RULES = RULE_GROUPS.flatMap(({ rules }) => rules)
const RECORDED = new Map(RULES.flatMap((rule) => ('record' in rule ? [[rule.record, rule.expr]] : [])))
const { metrics } = telemetryRegistry()

/** A name with its matchers. */
const SELECTOR = /\b((?:kanali|nodejs|process|gateway)[a-z0-9_:]+)(?:\{([^}]*)\})?/g
const MATCHER = /([a-z_]+)(=~|!~|!=|=)"([^"]*)"/g

describe('what rules read', () => {
  test('is known to the registry: metrics, labels, values', () => {
    const problems = RULES.flatMap(({ expr }) =>
      selectorsIn(expr).flatMap(({ name, matchers }) =>
        metricOf(name) === undefined && !RECORDED.has(name)
          ? [`${name} is unknown`]
          : matchers.flatMap((matcher) => matcherProblems(name, matcher)),
      ),
    )
    expect(problems).toEqual([])
  })

  test('is grouped by labels that it has', () => {
    const grouped = RULES.flatMap(({ expr }) =>
      Array.from(expr.matchAll(/\b(?:by|on|ignoring) \(([^)]*)\)/g))
        .flatMap(([, list = '']) => list.split(', '))
        .map((label) => ({ label, expr })),
    )
    expect(grouped.length).toBeGreaterThan(100)
    expect(grouped.filter(({ label, expr }) => !labelsOf(expr).has(label))).toEqual([])
  })
})

test('cases of alerts are made of series that a gateway can have', () => {
  const problems = ALL_CASES.flatMap(({ series }) =>
    Object.keys(series).flatMap((text) => {
      const [, name = '', list = ''] = /^([^{]+)\{(.*)\}$/.exec(text) ?? []
      if (name === UP) return []
      const row = metricOf(name)
      if (row === undefined) return [`${text}: unknown`]
      return matchersOf(list).flatMap(({ label, values }) => {
        if (OF_THE_TARGET.has(label) || label === 'le') return []
        // What is empty is not there for Prometheus.
        return values
          .filter((value) => value !== '' && row.labels.get(label)?.has(value) !== true)
          .map((value) => `${text}: ${label} ${value}`)
      })
    }),
  )
  expect(Array.from(new Set(problems))).toEqual([])
})

interface Matcher {
  readonly label: string
  readonly values: readonly string[]
}

function selectorsIn(expr: string): { name: string; matchers: Matcher[] }[] {
  const bare = expr.replace(/\b(?:by|on|ignoring|group_left) \([^)]*\)/g, '').replace(/, "[^"]*"/g, '')
  return Array.from(bare.matchAll(SELECTOR)).map(([, name = '', list = '']) => ({
    name,
    matchers: matchersOf(list),
  }))
}

function matchersOf(list: string): Matcher[] {
  return Array.from(list.matchAll(MATCHER)).map(([, label = '', operator = '', text = '']) => ({
    label,
    values: operator.endsWith('~') ? text.split('|') : [text],
  }))
}

function metricOf(name: string) {
  return metrics.get(name) ?? metrics.get(name.replace(/_(bucket|count|sum)$/, ''))
}

function matcherProblems(name: string, { label, values }: Matcher): string[] {
  if (OF_THE_TARGET.has(label)) return []
  const sets = sourcesOf(name).flatMap((source) => metricOf(source)?.labels.get(label) ?? [])
  if (sets.length === 0) return [`${name} has no label ${label}`]
  return values
    .filter((value) => !sets.some((set) => set.has(value)))
    .map((value) => `${name}: ${label} ${value}`)
}

/** The metrics that a name, recorded or not, is made of. */
function sourcesOf(name: string): string[] {
  const expr = RECORDED.get(name)
  return expr === undefined ? [name] : selectorsIn(expr).flatMap((selector) => sourcesOf(selector.name))
}

function labelsOf(expr: string): Set<string> {
  const all = selectorsIn(expr)
    .flatMap(({ name }) => sourcesOf(name))
    .flatMap((name) => Array.from(metricOf(name)?.labels.keys() ?? []))
  return new Set([...OF_THE_TARGET, 'le', ...all])
}
