// A generated dashboard, read as Grafana reads it: panels with their places, queries, links, and variables filled in.
// Must read the committed JSON and nothing of the code that makes it.

import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

const FOLDER = path.join(import.meta.dirname, '../../dashboards/generated')

/** Panels of text have none. */
const NO_FIELDS = { defaults: {}, overrides: [] }

export interface BoardQuery {
  readonly refId: string
  readonly expr: string
  readonly legendFormat?: string
  readonly instant?: boolean
  readonly exemplar?: boolean
  readonly format?: string
  readonly datasource?: { readonly type: string; readonly uid: string }
}

export interface BoardLink {
  readonly title: string
  readonly url?: string
}

export interface FieldOverride {
  readonly matcher: { readonly id: string; readonly options: string }
  readonly properties: readonly { readonly id: string; readonly value: unknown }[]
}

export interface BoardPanel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly BoardQuery[]
  readonly links?: readonly BoardLink[]
  readonly transformations?: readonly { readonly id: string; readonly options: Record<string, unknown> }[]
  readonly options: Record<string, unknown>
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string
      readonly links?: readonly BoardLink[]
      readonly [key: string]: unknown
    }
    readonly overrides: readonly FieldOverride[]
  }
  /** Of a collapsed row. */
  readonly collapsed?: boolean
  readonly panels?: readonly BoardPanel[]
}

export interface BoardVariable {
  readonly name: string
  readonly type: string
  readonly query?: string | { readonly query: string }
  readonly includeAll?: boolean
  readonly allValue?: string
  readonly datasource?: { readonly uid: string }
}

export interface BoardAnnotation {
  readonly name: string
  readonly expr: string
  readonly step: string
  readonly tagKeys: string
  readonly datasource: { readonly uid: string }
}

export interface Board {
  readonly file: string
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly schemaVersion: number
  readonly panels: readonly BoardPanel[]
  readonly templating: { readonly list: readonly BoardVariable[] }
  readonly annotations: { readonly list: readonly BoardAnnotation[] }
  readonly links: readonly (BoardLink & {
    readonly type: string
    readonly tags: readonly string[]
    readonly includeVars: boolean
    readonly keepTime: boolean
  })[]
  readonly tags: readonly string[]
}

/** Every board that is committed. */
export function generatedBoards(): Board[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map(readBoard)
}

/** Every panel that shows something, also those of closed rows. */
export function panelsOf({ panels }: Pick<Board, 'panels'>): BoardPanel[] {
  return panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel])).map(withFields)
}

function readBoard(file: string): Board {
  const board = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Omit<Board, 'file'>
  return { ...board, file }
}

function withFields(panel: BoardPanel): BoardPanel {
  return { ...panel, fieldConfig: panel.fieldConfig ?? NO_FIELDS }
}

/** Every place where a panel has a link: the corner, its series, its columns. */
export function linksOf({ links = [], fieldConfig }: BoardPanel): BoardLink[] {
  const { defaults, overrides } = fieldConfig
  const ofColumns = overrides.flatMap(({ properties }) =>
    properties.filter(({ id }) => id === 'links').flatMap(({ value }) => value as BoardLink[]),
  )
  return [...links, ...(defaults.links ?? []), ...ofColumns]
}

/**
 * Names of variables in a text, in both forms; those that Grafana brings begin with two underscores. Groups of regular
 * expressions (`$1`) are none.
 */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(/\$\{([\w.]+)(?::\w+)?\}|\$(\w+)/g)]
    .map(([, braced, bare]) => braced ?? bare ?? '')
    .filter((name) => !/^\d+$/.test(name))
}

/** The text with its variables filled in. @param values by name; one that is missing throws */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{([\w.]+)(?::\w+)?\}|\$(\w+)/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? ''
    if (/^\d+$/.test(name)) return whole
    const value = values[name]
    if (value === undefined) throw new Error(`nothing stands for the variable ${name} in ${text}`)
    return value
  })
}
