// The page docs/dashboards.md says what is there: every board, pictures that can be shown, provisioning that is YAML, and
// which panels are proved with 0 only.

import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { DASHBOARDS } from '../../dashboards/links.ts'
import { ZERO_HERE } from '../support/board-world.ts'
import { generatedBoards, panelsOf } from '../support/boards.ts'

const DOCS = path.join(import.meta.dirname, '../../docs')
const PICTURE_BYTES_MAX = 300 * 1024
const page = readFileSync(path.join(DOCS, 'dashboards.md'), 'utf8')
const readme = readFileSync(path.join(DOCS, '../README.md'), 'utf8')

test('names every board with its file, in the order of the list', () => {
  const rows = [...page.matchAll(/^\| ([A-Z][\w ]+) \| `([a-z-]+)\.json` \|/gm)]
  expect(rows.map(([, , file]) => file)).toEqual(Object.values(DASHBOARDS))
  const titles = new Map(generatedBoards().map(({ file, title }) => [file, title]))
  for (const [, title, file] of rows) expect(titles.get(`${file}.json`)).toBe(`Kanali / ${title}`)
})

test('installs every board by the sidecar', () => {
  const [, boards = ''] = /^for board in ([a-z -]+); do$/m.exec(page) ?? []
  expect(boards.split(' ')).toEqual(Object.values(DASHBOARDS))
  expect(page).toContain('grafana_dashboard=1')
})

test('provisions by what is YAML', () => {
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => parse(text) as object)
  expect(blocks.map((block) => Object.keys(block))).toEqual([
    ['apiVersion', 'datasources'],
    ['apiVersion', 'providers'],
  ])
})

test('says which panels were seen with 0 only, and these are on a board', () => {
  const [, named = ''] = /proved with 0: ([\s\S]*?)\.\n/.exec(page) ?? []
  const titles = [...named.replaceAll('\n', ' ').matchAll(/\*([^*]+)\*/g)].map(([, title]) => title)
  expect(titles).toEqual([...ZERO_HERE])
  const all = new Set(
    generatedBoards()
      .flatMap(panelsOf)
      .map(({ title }) => title),
  )
  expect(titles.filter((title = '') => !all.has(title))).toEqual([])
})

describe.each([
  ['docs/dashboards.md', page, 'images/errors.png'],
  ['README.md', readme, 'docs/images/overview.png'],
])('%s', (_file, text, image) => {
  test('shows a picture that is there, and no larger than a page should load', () => {
    expect(text).toContain(`](${image})`)
    const file = path.join(DOCS, image.replace(/^docs\//, ''))
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG')
    expect(statSync(file).size).toBeLessThan(PICTURE_BYTES_MAX)
  })
})

test('no board is larger than a ConfigMap may be', () => {
  for (const name of Object.values(DASHBOARDS)) {
    const { size } = statSync(path.join(DOCS, `../dashboards/generated/${name}.json`))
    expect(size).toBeLessThan(1024 * 1024)
  }
})
