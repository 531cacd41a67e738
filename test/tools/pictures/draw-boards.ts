// Draws boards with the real answers to their queries: gateways that see every outcome, a Prometheus that scrapes them, and
// the page of each board as a picture. `npm run pictures` writes docs/images; `--all DIR` draws every board elsewhere.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { type BoardWorld, startBoardWorld } from '../../support/board-world.ts'
import { type Board, type BoardPanel, generatedBoards } from '../../support/boards.ts'
import { findTool } from '../find.ts'
import { boardPage, type FilledPanel, PAGE_WIDTH } from './board-page.ts'
import { marksOf, panelData, type Shown } from './panel-data.ts'
import { ordinaryDay } from './scenario.ts'
import { screenshot } from './screenshot.ts'

/** What is drawn for the documentation, and the rows that are opened for it. */
const FOR_DOCS: Readonly<Record<string, readonly string[]>> = {
  'kanali-overview': [],
  'kanali-errors': ['08'],
}
const DOCS = path.join(import.meta.dirname, '../../../docs/images')
const MINUTES = Number(process.env['PICTURE_MINUTES'] ?? 6)
const SEED = 7
const RATE_S = 15

const [flag, folder] = process.argv.slice(2)
const isAll = flag === '--all' && folder !== undefined
const target = isAll ? path.resolve(folder) : DOCS
mkdirSync(target, { recursive: true })

const chromium = tool('chromium')
await using world = await startBoardWorld({
  prometheus: tool('prometheus'),
  collector: tool('otelcol'),
  redis: tool('redis-server'),
})
// Every series is there before the time that is shown.
await world.round()
await world.prometheus.nextScrape()
// Rates over the time that is shown look this far back.
const from = Date.now() / 1000 + RATE_S
await ordinaryDay(world, MINUTES, randomFrom(SEED))
await world.prometheus.nextScrape()
const to = Date.now() / 1000
for (const board of generatedBoards()) {
  const opened = FOR_DOCS[board.uid]
  if (!isAll && opened === undefined) continue
  const file = path.join(target, board.file.replace('.json', '.png'))
  await draw(world, opening(board, opened ?? []), file)
  process.stdout.write(`wrote ${file}\n`)
}

async function draw({ prometheus }: BoardWorld, board: Board, file: string): Promise<void> {
  const shown: Shown = {
    from,
    to,
    stepS: 2,
    values: {
      job: '.+',
      code: '.+',
      namespace: '.*',
      apiproxy: '.*',
      __rate_interval: `${RATE_S}s`,
      __interval: '2s',
      __range: `${Math.round(to - from)}s`,
      __range_s: String(Math.round(to - from)),
    },
  }
  const open = board.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]))
  const visible = open.filter(({ id }) => !hiddenIds(board).has(id))
  const panels: FilledPanel[] = await Promise.all(
    visible.map(async (panel) => ({ panel, queries: await panelData(prometheus, panel, shown) })),
  )
  const marks = await marksOf(prometheus, board.annotations.list, shown)
  const { html, height } = boardPage(board, panels, shown, marks)
  await screenshot(chromium, html, { width: PAGE_WIDTH, height, file })
}

/** The board as it looks after somebody opened these rows: what stands below them moves down. */
function opening(board: Board, rows: readonly string[]): Board {
  let down = 0
  const panels = board.panels.map((panel) => {
    const moved = lower(panel, down)
    if (panel.collapsed !== true || !rows.some((row) => panel.title.startsWith(`${row} `))) return moved
    const inside = (panel.panels ?? []).map((one) => lower(one, down))
    const bottom = Math.max(...inside.map(({ gridPos }) => gridPos.y + gridPos.h))
    down += bottom - moved.gridPos.y - 1
    return { ...moved, collapsed: false, panels: inside }
  })
  return { ...board, panels }
}

function lower(panel: BoardPanel, by: number): BoardPanel {
  return { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + by } }
}

function hiddenIds({ panels }: Board): Set<number> {
  const closed = panels.filter(({ collapsed }) => collapsed === true)
  return new Set(closed.flatMap((row) => (row.panels ?? []).map(({ id }) => id)))
}

function tool(name: string): string {
  const found = findTool(name)
  if ('missing' in found) throw new Error(found.missing)
  return found.path
}

/** The same numbers each time: a linear congruential generator, good enough for a picture. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
