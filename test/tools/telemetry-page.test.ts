import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { telemetryRegistry } from '../support/registry/registry.ts'
import { seriesMost } from './series-table.ts'
import { table, telemetryPage, withTables } from './telemetry-page.ts'

const registry = telemetryRegistry()
const page = readFileSync(path.join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8')

describe('the page of telemetry', () => {
  test('tells every span, attribute, event, metric and field of the registry', () => {
    const { attributes, metrics, events, accessLog, programLog } = registry
    for (const names of [attributes, metrics, accessLog, programLog]) {
      for (const name of names.keys()) expect(page).toContain(`| \`${name}`)
    }
    for (const { name } of events) expect(page).toContain(`event \`${name}\``)
    for (const { title } of registry.spans) expect(page).toContain(`| ${title} |`)
  })

  test('says the bound that the scrape is held to', () => {
    const [, each, fixed] = /<= (\d+) \* \(N \+ 1\) \+ (\d+)/.exec(page) ?? []
    expect(seriesMost(registry, 0)).toBe(Number(each) + Number(fixed))
    expect(seriesMost(registry, 10_000)).toBe(Number(each) * 10_001 + Number(fixed))
    expect(seriesMost(registry, 10_001)).toBe(Number(each) * 10_002 + Number(fixed))
    expect(seriesMost(registry, 1_000_000)).toBe(seriesMost(registry, 10_001))
  })

  test('is made again from itself without a change, and keeps its text', () => {
    expect(telemetryPage()).toBe(page)
    const changed = page
      .replace('| `kanali_ready` |', '| `kanali_redy` |')
      .replace('# Telemetry', '# Signals')
    expect(withTables(changed, registry)).toBe(page.replace('# Telemetry', '# Signals'))
  })

  test('is refused where a table is missing, unknown, or closed by another name', () => {
    const spans = /<!-- table spans -->[\s\S]*<!-- end spans -->/
    expect(() => withTables(page.replace(spans, ''), registry)).toThrow('lacks the tables spans')
    expect(() => withTables(`${page}<!-- table none -->\n<!-- end none -->`, registry)).toThrow('table none')
    expect(() => withTables(page.replace('<!-- end spans -->', '<!-- end span -->'), registry)).toThrow(
      'end span',
    )
  })
})

test('a cell keeps its vertical lines', () => {
  expect(table(['a', ''], [['x|y', '']])).toBe('| a | |\n|---|---|\n| x\\|y | |')
})
