// The boards say all that the catalogue says, and nothing else: every code has its row, every reason its meaning, its
// blame and its colour.

import { describe, expect, test } from 'vitest'
import { CATALOGUE, codeText, ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { BLAMES } from '../../src/errors/catalogue-entry.ts'
import { BLAME_COLOUR, CODE_COLOUR, mainBlame, reasonColours } from '../../dashboards/colours.ts'
import { type BoardPanel, generatedBoards, panelsOf } from '../support/boards.ts'

const BOARDS = generatedBoards()
const errors = BOARDS.find(({ uid }) => uid === 'kanali-errors')

describe.each(CATALOGUE)('code $code', ({ code, status, message, means, check, reasons }) => {
  const digits = codeText(code)
  const row = errors?.panels.find(({ type, title }) => type === 'row' && title.startsWith(`${digits} `))
  const byTitle = (title: string): BoardPanel | undefined =>
    row?.panels?.find((panel) => panel.title === title)

  test('has a row of its own, closed, with its status and message', () => {
    expect(row).toMatchObject({ title: `${digits} · ${status} · ${message}`, collapsed: true })
  })

  test('is explained in the words of the catalogue, with links to runbook, traces and log', () => {
    const meaning = byTitle(`What ${digits} means`)
    const text = String(meaning?.options['content'])
    for (const words of [means, check, `HTTP ${status}`]) expect(text).toContain(words)
    expect(meaning?.links?.map(({ title }) => title)).toEqual(['Runbook', 'Traces', 'Log lines'])
  })

  test('has a table that explains each of its reasons', () => {
    const shown = columnOf(byTitle(`Reasons of ${digits}`), 'What happened')
    expect(shown).toEqual(
      Object.fromEntries(reasons.map((cause) => [cause.reason, cause.means.replaceAll('`', '')])),
    )
  })

  test('has a graph that colours each of its reasons by blame', () => {
    const { overrides = [] } = byTitle(`Reasons of ${digits} over time`)?.fieldConfig ?? {}
    expect(overrides.map(({ matcher }) => matcher.options).sort()).toEqual(
      reasons.map(({ reason }) => reason).sort(),
    )
  })

  test('has a table of the ApiProxies that it hits', () => {
    expect(byTitle(`ApiProxies that ${digits} hits`)?.targets?.[0]?.expr).toContain(`code="${digits}"`)
  })
})

test('the variable code offers every code with its message', () => {
  const found = errors?.templating.list.find(({ name }) => name === 'code')?.query
  const query = typeof found === 'string' ? found : ''
  const options = (query.match(/(?:\\,|[^,])+/g) ?? []).map((option) => option.trim().split(' : '))
  expect(options).toEqual(
    CATALOGUE.map(({ code, message }) => [`${codeText(code)} ${message}`, codeText(code)]),
  )
})

test('tables of all reasons explain each of them, and colour each blame', () => {
  const tables = BOARDS.flatMap(panelsOf).filter(
    ({ title }) => title === 'What fails' || title === 'Reasons by ApiProxy',
  )
  expect(tables.length).toBe(4)
  for (const table of tables) {
    const explained = columnOf(table, 'What happened')
    expect(Object.keys(explained)).toEqual(ERROR_FACTS.map(({ reason }) => reason))
    expect(Object.keys(columnOf(table, 'Blame'))).toEqual([...BLAMES])
  }
})

test('graphs by code name each code in words', () => {
  const graphs = BOARDS.flatMap(panelsOf).filter(({ title }) => title === 'Errors by code')
  expect(graphs.length).toBe(3)
  for (const { fieldConfig } of graphs) {
    const names = fieldConfig.overrides.map(({ matcher, properties }) => [
      matcher.options,
      properties.find(({ id }) => id === 'displayName')?.value,
    ])
    const expected = CATALOGUE.map(({ code, message }) => [codeText(code), `${codeText(code)} ${message}`])
    expect(Object.fromEntries(names)).toEqual(Object.fromEntries(expected))
  }
})

describe('colours', () => {
  test('of codes and of the reasons of each blame are all different', () => {
    expect(new Set(Object.values(BLAME_COLOUR)).size).toBe(BLAMES.length)
    expect(new Set(Object.values(CODE_COLOUR)).size).toBe(CATALOGUE.length)
    for (const { code } of CATALOGUE) {
      const facts = ERROR_FACTS.filter((fact) => fact.code === code)
      expect(new Set(Object.values(reasonColours(facts))).size).toBe(facts.length)
    }
  })

  test('are those of CSS', () => {
    for (const colour of [...Object.values(BLAME_COLOUR), ...Object.values(CODE_COLOUR)]) {
      expect(colour).toMatch(/^#[0-9a-f]{6}$/)
    }
    expect(BLAME_COLOUR).toEqual({
      client: expect.stringMatching(/^#[3-5]/),
      config: expect.stringMatching(/^#f/),
      upstream: expect.any(String),
      plugin: expect.any(String),
      gateway: expect.stringMatching(/^#[c-f]/),
    })
  })

  test('of a code are those of whoever has to act on most of its reasons', () => {
    const [, , , , , , , , upstream] = CATALOGUE
    expect(mainBlame(upstream)).toBe('upstream')
    expect(mainBlame(CATALOGUE[12])).toBe('client')
    expect(mainBlame(CATALOGUE[9])).toBe('gateway')
  })
})

/** The texts that stand for the values of a column. */
function columnOf(table: BoardPanel | undefined, title: string): Record<string, string> {
  const override = table?.fieldConfig.overrides.find(({ matcher }) => matcher.options === title)
  const mappings = override?.properties.find(({ id }) => id === 'mappings')?.value as
    | { options: Record<string, { text: string }> }[]
    | undefined
  return Object.fromEntries(
    Object.entries(mappings?.[0]?.options ?? {}).map(([value, { text }]) => [value, text]),
  )
}
