// What every panel of every board must have, whoever wrote it: words, a unit, a place, a data source, a legend.

import * as units from '@grafana/grafana-foundation-sdk/units'
import { describe, expect, test } from 'vitest'
import { ROWS } from '../../src/config/options.ts'
import { DASHBOARDS } from '../../dashboards/links.ts'
import { type Board, generatedBoards, panelsOf, variablesIn } from '../support/boards.ts'

const BOARDS = generatedBoards()
const COLUMNS = 24
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
/** Kinds that show no numbers. */
const WORDS = new Set(['text'])

test('there are six boards, with the uids and files that alerts and pages link to', () => {
  expect(Object.fromEntries(BOARDS.map(({ uid, file }) => [uid, file.replace('.json', '')]))).toEqual(
    DASHBOARDS,
  )
  expect(new Set(BOARDS.map(({ title }) => title)).size).toBe(BOARDS.length)
})

describe.each(BOARDS)('$file', (board) => {
  const panels = panelsOf(board)
  const charts = panels.filter(({ type }) => !WORDS.has(type))

  test('says what it answers, and is found by its tag', () => {
    expect(board.description.length).toBeGreaterThan(60)
    expect(board.tags).toContain('kanali')
    expect(board.schemaVersion).toBeGreaterThanOrEqual(39)
  })

  test('has no two panels or rows of one id', () => {
    const ids = board.panels.flatMap((panel) => [panel.id, ...(panel.panels ?? []).map(({ id }) => id)])
    expect(ids.filter((id, at) => ids.indexOf(id) !== at || !Number.isInteger(id) || id < 1)).toEqual([])
  })

  test('has no two panels of one title', () => {
    const titles = panels.map(({ title }) => title)
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([])
  })

  test('gives each panel a title, and says what it shows and what to do', () => {
    const wrong = panels.filter(
      ({ title, description = '' }) =>
        title.trim() === '' || description.length < 40 || !/[.`]$|\n/.test(description),
    )
    expect(wrong.map(({ title }) => title)).toEqual([])
  })

  test('names only options that there are', () => {
    const known = new Set<string>(ROWS.map(({ name }) => name))
    const sections = new Set([...known].map((name) => name.split('.')[0]))
    const named = panels.flatMap(({ description = '' }) =>
      [...description.matchAll(/`([a-z]+)\.([a-z_.]+)`/gi)].map(([whole, section]) => ({ whole, section })),
    )
    const wrong = named.filter(
      ({ whole, section }) => sections.has(section ?? '') && !known.has(whole.slice(1, -1)),
    )
    expect(wrong).toEqual([])
  })

  test('gives each number a unit', () => {
    const wrong = charts.filter(({ fieldConfig }) => (fieldConfig.defaults.unit ?? '') === '')
    expect(wrong.map(({ title }) => title)).toEqual([])
  })

  test('uses units that Grafana has', () => {
    const known = new Set<unknown>(Object.values(units))
    const used = charts.flatMap(({ fieldConfig }) => [
      fieldConfig.defaults.unit,
      ...fieldConfig.overrides.flatMap(({ properties }) =>
        properties.filter(({ id }) => id === 'unit').map(({ value }) => value),
      ),
    ])
    expect(used.filter((unit) => !known.has(unit) && !String(unit).startsWith('suffix:'))).toEqual([])
  })

  test('shows labels in tables as text: Grafana would make a number of 08', () => {
    const wrong = charts.filter(({ type, fieldConfig, transformations = [] }) => {
      const organize = transformations.find(({ id }) => id === 'organize')?.options['renameByName'] ?? {}
      const ofLabels = Object.entries(organize as Record<string, string>).filter(
        ([field]) => !field.startsWith('Value'),
      )
      const units = new Map(
        fieldConfig.overrides.map(({ matcher, properties }) => [
          matcher.options,
          properties.find(({ id }) => id === 'unit')?.value,
        ]),
      )
      return type === 'table' && ofLabels.some(([, title]) => units.get(title) !== 'string')
    })
    expect(wrong.map(({ title }) => title)).toEqual([])
  })

  test('asks the data source that the person chose, in every panel and query', () => {
    const wrong = charts.filter(
      ({ datasource, targets = [] }) =>
        targets.length === 0 ||
        [datasource, ...targets.map((target) => target.datasource)].some(
          (one) => one?.type !== DATASOURCE.type || one.uid !== DATASOURCE.uid,
        ),
    )
    expect(wrong.map(({ title }) => title)).toEqual([])
  })

  test('names the queries of a panel by different letters', () => {
    for (const { targets = [] } of charts) {
      expect(targets.map(({ refId }) => refId)).toEqual(targets.map((_, at) => String.fromCharCode(65 + at)))
    }
  })

  test('shows a legend on every graph, in words', () => {
    const graphs = charts.filter(({ type }) => type === 'timeseries')
    const wrong = graphs.filter(({ options, targets = [] }) => {
      const legend = options['legend'] as { showLegend: boolean; displayMode: string; calcs: string[] }
      const isShown = legend.showLegend && legend.displayMode === 'table' && legend.calcs.length > 0
      return !isShown || targets.some(({ legendFormat = '' }) => legendFormat.trim() === '')
    })
    expect(wrong.map(({ title }) => title)).toEqual([])
  })

  test('fits the grid without overlaps and without holes', () => {
    expect(misplaced(board)).toEqual([])
  })

  test('uses only variables that it has', () => {
    const own = new Set(board.templating.list.map(({ name }) => name))
    const { annotations, panels: all, templating } = board
    const used = variablesIn(JSON.stringify([annotations, all, templating]))
    expect(used.filter((name) => !name.startsWith('__') && !own.has(name))).toEqual([])
  })

  test('begins with the data source, and offers jobs by what the gateway says of itself', () => {
    const [first] = board.templating.list
    expect(first).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
    expect(board.templating.list.find(({ name }) => name === 'job')).toMatchObject({
      query: { query: 'label_values(kanali_build_info, job)' },
      includeAll: true,
      allValue: '.+',
    })
  })

  test('shows changes of configuration over every graph', () => {
    expect(board.annotations.list.map(({ name }) => name)).toEqual(['Configuration', 'Version'])
    for (const { datasource } of board.annotations.list) expect(datasource.uid).toBe(DATASOURCE.uid)
  })

  test('leads to the other boards at the same time with the same variables', () => {
    const jump = board.links.find(({ type }) => type === 'dashboards')
    expect(jump).toMatchObject({ tags: ['kanali'], includeVars: true, keepTime: true })
  })
})

/** Panels outside the grid, over each other, or with a hole to their right or below them in their line. */
function misplaced(board: Board): string[] {
  const wrong: string[] = []
  const lines = board.panels.flatMap((panel) =>
    panel.type === 'row' ? [[panel], ...byLine(panel.panels ?? [])] : [],
  )
  for (const line of [...lines, ...byLine(board.panels.filter(({ type }) => type !== 'row'))]) {
    const width = line.reduce((sum, { gridPos }) => sum + gridPos.w, 0)
    const heights = new Set(line.map(({ gridPos }) => gridPos.h))
    if (width !== COLUMNS || heights.size !== 1) wrong.push(line.map(({ title }) => title).join(' | '))
  }
  const open = board.panels
  for (const [at, one] of open.entries()) {
    const over = open.slice(at + 1).filter((other) => overlap(one.gridPos, other.gridPos))
    wrong.push(...over.map(({ title }) => `${one.title} over ${title}`))
  }
  return wrong
}

function byLine<Panel extends Board['panels'][number]>(panels: readonly Panel[]): Panel[][] {
  return [...Map.groupBy(panels, ({ gridPos }) => gridPos.y).values()]
}

interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}
