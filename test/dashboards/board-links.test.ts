// Every link of every board leads somewhere: to a board that has the variables it is given, to a runbook and a place in it
// that exist, to a search that names what the gateway writes. Filled in with every code and reason of the catalogue.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERROR_FACTS, type ErrorFact } from '../../src/errors/catalogue.ts'
import { ACCESS_FIELDS, ATTRIBUTE } from '../../src/telemetry/names.ts'
import { RUNBOOK_BASE } from '../../dashboards/links.ts'
import {
  type BoardLink,
  type BoardPanel,
  fillIn,
  generatedBoards,
  linksOf,
  panelsOf,
  variablesIn,
} from '../support/boards.ts'

const RUNBOOKS = path.join(import.meta.dirname, '../../docs/runbooks')
const BOARDS = generatedBoards()
const KEPT = ['datasource', 'traces', 'logs', 'streams', 'job']

interface PlacedLink {
  readonly at: string
  readonly url: string
  readonly panel: BoardPanel
}

const links: PlacedLink[] = BOARDS.flatMap((board) =>
  panelsOf(board).flatMap((panel) =>
    linksOf(panel).map(({ title, url = '' }: BoardLink) => ({
      at: `${board.file}: ${panel.title}: ${title}`,
      url,
      panel,
    })),
  ),
)
const boardLinks = links.filter(({ url }) => url.startsWith('/d/'))
const searches = links.filter(({ url }) => url.startsWith('/explore'))
const pages = links.filter(({ url }) => url.startsWith('https://'))

test('go to a board, a search or a page, and nowhere else', () => {
  expect(boardLinks.length + searches.length + pages.length).toBe(links.length)
  expect(Math.min(boardLinks.length, searches.length, pages.length)).toBeGreaterThan(10)
})

test('take values from columns and labels that are there, and of columns whose text is the value', () => {
  const wrong = links.flatMap(({ at, url, panel }) => {
    const { columns, replaced, labels } = namesIn(panel)
    return variablesIn(url)
      .filter((name) => name.startsWith('__data.') || name.startsWith('__field.'))
      .filter((name) => {
        const column = name.replace('__data.fields.', '')
        if (name.startsWith('__data.')) return !columns.has(column) || replaced.has(column)
        return !labels.has(name.replace('__field.labels.', ''))
      })
      .map((name) => `${at}: ${name}`)
  })
  expect(wrong).toEqual([])
})

test('to a board name one that is there and variables that it has, and keep time and choice', () => {
  const wrong = boardLinks.flatMap(({ at, url }) => {
    const [, uid] = /^\/d\/([a-z-]+)\?/.exec(url) ?? []
    const target = BOARDS.find((board) => board.uid === uid)
    const own = new Set(target?.templating.list.map(({ name }) => name))
    const given = [...url.matchAll(/[?&]var-(\w+)=/g)].map(([, name = '']) => name)
    const kept =
      KEPT.every((name) => url.includes(`\${${name}:queryparam}`)) && url.includes('${__url_time_range}')
    return target !== undefined && given.every((name) => own.has(name)) && kept ? [] : [at]
  })
  expect(wrong).toEqual([])
})

describe.each(['traces', 'logs'])('a search for %s', (kind) => {
  const ofKind = searches.filter(({ url }) =>
    url.includes(`"${kind === 'traces' ? 'tempo' : 'loki'}"`.replaceAll('"', '%22')),
  )

  test('asks the source that the person chose, over the time shown', () => {
    expect(ofKind.length).toBeGreaterThan(10)
    for (const { url } of ofKind) {
      const pane = paneOf(fillIn(url, samples(ERROR_FACTS[0])))
      expect(pane).toMatchObject({
        datasource: kind,
        queries: [{ datasource: { uid: kind } }],
        range: { from: '1000', to: '2000' },
      })
    }
  })

  test('names only what the gateway writes', () => {
    const known = new Set<string>(kind === 'traces' ? Object.values(ATTRIBUTE) : ACCESS_FIELDS)
    const named = ofKind.flatMap(({ at, url }) => {
      const [query] = paneOf(fillIn(url, samples(ERROR_FACTS[0]))).queries
      const text = query?.query ?? query?.expr ?? ''
      const asked = [...text.matchAll(kind === 'traces' ? /span\.([\w.]+) = "/g : /\| (\w+) = `/g)]
      return asked.length === 0 ? [`${at}: nothing`] : asked.map(([, name = '']) => name)
    })
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })
})

test('a search for a code is the one of the documentation', () => {
  const url =
    searches.find(({ at }) => at === 'overview.json: Errors by code: Traces with this code')?.url ?? ''
  const [query] = paneOf(fillIn(url, samples(ERROR_FACTS.find(({ code }) => code === 8)))).queries
  expect(query?.query).toBe('{ span.kanali.error.code = "08" }')
  const logs =
    searches.find(({ at }) => at === 'overview.json: Errors by code: Log lines with this code')?.url ?? ''
  const [lines] = paneOf(fillIn(logs, samples(ERROR_FACTS.find(({ code }) => code === 8)))).queries
  expect(lines?.expr).toBe('{service_name=`kanali`} | json | code = `08`')
})

test.each(ERROR_FACTS)('runbooks have a page for $codeText and a place for $reason', (fact) => {
  const filled = pages
    .map(({ url }) => fillIn(url, samples(fact)))
    .filter((url) => url.startsWith(RUNBOOK_BASE))
  expect(filled.length).toBeGreaterThan(0)
  for (const url of new Set(filled)) {
    const [file = '', anchor] = url.slice(RUNBOOK_BASE.length + 1).split('#')
    expect(existsSync(path.join(RUNBOOKS, file)), url).toBe(true)
    if (anchor === undefined || !file.includes(fact.codeText)) continue
    expect(readFileSync(path.join(RUNBOOKS, file), 'utf8'), url).toContain(`<a id="${anchor}"></a>`)
  }
})

test('boards link to the index of runbooks', () => {
  for (const { links: own } of BOARDS) {
    const url = own.find(({ title }) => title === 'Runbooks')?.url ?? ''
    expect(existsSync(path.join(RUNBOOKS, url.slice(RUNBOOK_BASE.length + 1))), url).toBe(true)
  }
})

function paneOf(url: string): {
  queries: readonly { readonly query?: string; readonly expr?: string }[]
} {
  const text = new URL(url, 'http://grafana').searchParams.get('panes') ?? '{}'
  const [pane] = Object.values(JSON.parse(text) as Record<string, ReturnType<typeof paneOf>>)
  return pane ?? { queries: [] }
}

/** What Grafana would fill in for a row or a series of this fact. */
function samples(fact: ErrorFact | undefined): Record<string, string> {
  const { codeText = '', reason = '', blame = '' } = fact ?? {}
  const place = { Namespace: 'shop', ApiProxy: 'cart', Hash: 'b21657874a193584' }
  const columns = { Code: codeText, Reason: reason, Blame: blame, ...place }
  const labels = { code: codeText, reason, blame, outcome: 'ok', namespace: 'shop', apiproxy: 'cart' }
  return {
    datasource: 'prom',
    traces: 'traces',
    logs: 'logs',
    job: 'kanali',
    streams: 'service_name=`kanali`',
    __from: '1000',
    __to: '2000',
    __url_time_range: 'from=1000&to=2000',
    ...Object.fromEntries(Object.entries(columns).map(([name, value]) => [`__data.fields.${name}`, value])),
    ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [`__field.labels.${name}`, value])),
  }
}

/** What a link of a panel can take a value from. */
function namesIn({ transformations = [], fieldConfig, targets = [] }: BoardPanel): {
  columns: Set<string>
  replaced: Set<string>
  labels: Set<string>
} {
  const organize = transformations.find(({ id }) => id === 'organize')
  const renamed = (organize?.options['renameByName'] ?? {}) as Record<string, string>
  const replaced = fieldConfig.overrides.filter(({ properties }) =>
    properties.some(({ id, value }) => id === 'mappings' && replacesText(value)),
  )
  const labels = targets.flatMap(({ legendFormat = '' }) =>
    [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
  )
  return {
    columns: new Set(Object.values(renamed)),
    replaced: new Set(replaced.map(({ matcher }) => matcher.options)),
    labels: new Set(labels),
  }
}

/** A mapping that only colours leaves the text as it is. */
function replacesText(mappings: unknown): boolean {
  const all = mappings as readonly { readonly options: Record<string, { readonly text: string }> }[]
  return all.some(({ options }) => Object.entries(options).some(([value, { text }]) => value !== text))
}
