import { expect, test } from 'vitest'
import { configurationPage, helpText, undocumentedPrefixes } from '../../src/config/document.ts'
import { variableOf } from '../../src/config/option.ts'
import { ROWS } from '../../src/config/options.ts'

test('no group of options is missing from page and help', () => {
  expect(undocumentedPrefixes()).toEqual([])
})

test('the page has one row for every option with its variable, kind, default, meaning and what is allowed', () => {
  const lines = configurationPage().split('\n')
  for (const { name, kind, default: preset, doc } of ROWS) {
    const rows = lines.filter((line) =>
      line.startsWith(`| \`${name}\`<br>\`${variableOf(name)}\` | ${kind.name} |`),
    )
    expect(rows, name).toHaveLength(1)
    expect(rows[0]).toContain(doc.replaceAll('|', '\\|'))
    expect(rows[0]).toContain(kind.allowed)
    expect(rows[0]).toContain(kind.format(preset) === '' ? '| none |' : `| \`${kind.format(preset)}\` |`)
    expect(rows[0]?.match(/(?<!\\)\|/g)).toHaveLength(7)
  }
})

test('the help has every option, and no line wider than a hundred columns', () => {
  const lines = helpText().split('\n')
  for (const { name, kind } of ROWS) expect(lines).toContain(`  --${name} <${kind.name}>`)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
})
