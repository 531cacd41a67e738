// Runbooks, error page, alerts and boards lead to each other: every link resolves, file and anchor, and none is missing
// in either direction.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { DASHBOARDS, RUNBOOK_BASE } from '../../dashboards/links.ts'
import { ALERT_ADVICE } from '../../dashboards/runbooks/alert-advice.ts'
import { pageOfAlert } from '../../dashboards/runbooks/places.ts'
import { CATALOGUE, codeText, ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { METRIC } from '../../src/telemetry/names.ts'
import { commandsOf, pageText, RUNBOOK_FOLDER, runbookPages } from '../support/runbooks/page-commands.ts'
import { brokenLink, hasLink, linksOf, textOf } from '../support/runbooks/page-links.ts'

const FOLDER = 'docs/runbooks'
const ERRORS = 'docs/errors.md'
const ALERTS = 'docs/alerts.md'
const PAGES = readdirSync(RUNBOOK_FOLDER).map((name) => `${FOLDER}/${name}`)
const CODES = CATALOGUE.map(({ code }) => codeText(code))

interface Rule {
  readonly alert?: string
  readonly annotations?: { readonly runbook_url: string; readonly dashboard_url: string }
}
const RULES = (
  parse(textOf('dashboards/generated/kanali-rules.yaml')) as { groups: { rules: Rule[] }[] }
).groups
  .flatMap(({ rules }) => rules)
  .filter(({ alert }) => alert !== undefined)
const BOARDS = Object.entries(DASHBOARDS).map(([uid, name]) => ({
  uid,
  file: `dashboards/generated/${name}.json`,
}))

/** The page that an address of a runbook leads to. */
const pageAt = (url: string): string => path.posix.join(FOLDER, url.slice(RUNBOOK_BASE.length + 1))

describe('every link', () => {
  test.each([...PAGES, ERRORS, ALERTS])('of %s resolves', (page) => {
    expect(
      linksOf(page)
        .map(brokenLink)
        .filter((wrong) => wrong !== undefined),
    ).toEqual([])
  })
})

describe('a code', () => {
  test.each(CODES)('%s: error page, runbook, alert, board and index lead to each other', (code) => {
    const page = `${FOLDER}/code-${code}.md`
    expect(hasLink(ERRORS, `runbooks/code-${code}.md`)).toBe(true)
    expect(hasLink(page, `../errors.md#${code}`)).toBe(true)
    expect(hasLink(`${FOLDER}/README.md`, `code-${code}.md`)).toBe(true)
    expect(textOf(page)).toContain(`/d/kanali-errors?var-code=${code}`)
    expect(textOf(page)).toContain(`\`KanaliCode${code}\``)
    const rules = RULES.filter(({ alert }) => alert === `KanaliCode${code}`)
    expect(rules.length).toBeGreaterThan(0)
    for (const { annotations } of rules) {
      expect(annotations?.runbook_url).toBe(`${RUNBOOK_BASE}/code-${code}.md`)
      expect(annotations?.dashboard_url).toContain(`var-code=${code}`)
    }
  })

  test('has each reason linked both ways', () => {
    for (const { codeText: code, reason } of ERROR_FACTS) {
      expect(hasLink(ERRORS, `runbooks/code-${code}.md#${reason}`), reason).toBe(true)
      expect(hasLink(`${FOLDER}/code-${code}.md`, `../errors.md#${reason}`), reason).toBe(true)
    }
  })
})

describe('an alert', () => {
  test('leads to a runbook that names it and its board, and so does the page of alerts', () => {
    for (const { alert = '', annotations } of RULES) {
      const page = pageAt(annotations?.runbook_url ?? '')
      expect(textOf(page), alert).toContain(`\`${alert}\``)
      expect(hasLink(page, '../alerts.md#the-alerts'), alert).toBe(true)
      expect(hasLink(ALERTS, page.replace('docs/', '')), alert).toBe(true)
      const board = (annotations?.dashboard_url ?? '').split('?')[0] ?? ''
      expect(textOf(page), alert).toContain(`\`${board}`)
      expect(Object.keys(DASHBOARDS), alert).toContain(board.replace('/d/', ''))
    }
  })

  test('has advice, if it is not about a code, and there is no advice on others', () => {
    const names = new Set(RULES.map(({ alert = '' }) => alert).filter((name) => !/^KanaliCode\d/.test(name)))
    expect(ALERT_ADVICE.map(({ name }) => name).sort()).toEqual([...names].sort())
    for (const name of names) expect(hasLink(`${FOLDER}/README.md`, pageOfAlert(name)), name).toBe(true)
  })
})

describe('a board', () => {
  test.each(BOARDS)('$uid is there under its uid, and its runbooks exist', ({ uid, file }) => {
    const board = textOf(file)
    expect((JSON.parse(board) as { uid?: string }).uid).toBe(uid)
    const urls = board.matchAll(new RegExp(`${RUNBOOK_BASE}/[\\w$\\{}.-]+`, 'g'))
    const pages = Array.from(urls, ([url]) => pageAt(url)).flatMap((page) =>
      page.includes('$') ? CODES.map((code) => page.replaceAll(/\$\{[\w.]*code\}/gi, code)) : [page],
    )
    expect(pages.filter((page) => !PAGES.includes(page))).toEqual([])
  })

  test('kanali-errors leads to the runbook of every code', () => {
    const board = textOf('dashboards/generated/errors.json')
    const one = board.includes(`${RUNBOOK_BASE}/code-\${code}.md`)
    for (const code of CODES)
      expect(one || board.includes(`${RUNBOOK_BASE}/code-${code}.md`), code).toBe(true)
  })
})

describe('a page', () => {
  test('begins with three commands, and is there for each code and each alert only', () => {
    for (const page of runbookPages()) {
      expect(
        commandsOf(page).filter(({ section }) => section === 'first'),
        page,
      ).toHaveLength(3)
    }
    expect(runbookPages()).toEqual(
      [
        ...CODES.map((code) => `code-${code}.md`),
        ...ALERT_ADVICE.map(({ name }) => pageOfAlert(name)),
      ].sort(),
    )
  })

  test('names no metric that there is not', () => {
    const known = new Set<string>(Object.values(METRIC))
    const used = runbookPages().flatMap((page) => pageText(page).match(/\bkanali_[a-z_]+/g) ?? [])
    const unknown = used.filter((name) => !known.has(name.replace(/_(bucket|sum|count)$/, '')))
    // Beginnings of names, for grep.
    const prefixes = new Set(['kanali_source', 'kanali_journal'])
    expect([...new Set(unknown)].filter((name) => !prefixes.has(name))).toEqual([])
  })
})
