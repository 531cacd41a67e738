// The value kinds that hold several values: lists and maps.
// As text they are comma-separated; a backslash before a comma, an equals sign or a backslash takes it literally.

import { isOneLine, textOf, type ValueKind } from './value-kind.ts'

const ITEMS_MAX = 1000
const ITEM_LENGTH_MAX = 1000

/** What one item of a list, or one name of a map, must be: its normalised form, or undefined. */
export type ItemRule = (written: string) => string | undefined

/** Any text that is not empty. */
export const ANY_ITEM: ItemRule = (written) => written

/** Items in the order written, each trimmed, duplicates dropped. */
export function list(itemsAllowed: string, rule: ItemRule = ANY_ITEM): ValueKind<readonly string[]> {
  return {
    name: 'list',
    allowed: `${itemsAllowed}, comma-separated or a list of the file`,
    parse(raw) {
      const written = Array.isArray(raw) ? raw.map(textOf) : splitText(raw)
      if (written === undefined || written.length > ITEMS_MAX) return undefined
      const items = written.map((item) =>
        checkedItem(Array.isArray(raw) ? item : unescaped(item ?? ''), rule),
      )
      return items.every((item) => item !== undefined) ? { value: [...new Set(items)] } : undefined
    },
    format: (value) => value.map(escaped).join(','),
  }
}

/** Names and values, each trimmed; values may be empty, and a name is given once. */
export function map(entriesAllowed: string, rule: ItemRule): ValueKind<Readonly<Record<string, string>>> {
  return {
    name: 'map',
    allowed: `${entriesAllowed}, written foo=bar,car=baz or as a map of the file`,
    parse(raw) {
      const written = isPlainObject(raw) ? Object.entries(raw) : textEntries(raw)
      if (written === undefined || written.length > ITEMS_MAX) return undefined
      const entries: [string, string][] = []
      for (const [writtenName, writtenValue] of written) {
        const name = checkedItem(writtenName, rule)
        const value = textOf(writtenValue)?.trim()
        if (name === undefined || value === undefined) return undefined
        if (value.length > ITEM_LENGTH_MAX || !isOneLine(value)) return undefined
        entries.push([name, value])
      }
      const value = Object.fromEntries(entries)
      return Object.keys(value).length === entries.length ? { value } : undefined
    },
    format: (value) =>
      Object.entries(value)
        .map((entry) => entry.map(escaped).join('='))
        .join(','),
  }
}

/** An object that a file's parser made of a map: not a list, a date or anything with a class of its own. */
export function isPlainObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  if (typeof raw !== 'object' || raw === null) return false
  const prototype: unknown = Object.getPrototypeOf(raw)
  return prototype === Object.prototype || prototype === null
}

function checkedItem(written: string | undefined, rule: ItemRule): string | undefined {
  const item = written?.trim()
  if (item === undefined || item === '' || item.length > ITEM_LENGTH_MAX || !isOneLine(item)) return undefined
  return rule(item)
}

function textEntries(raw: unknown): (readonly [string, string])[] | undefined {
  const parts = splitText(raw)
  if (parts === undefined) return undefined
  const entries: (readonly [string, string])[] = []
  for (const part of parts) {
    const [name = '', first, ...rest] = split(part, '=')
    if (first === undefined) return undefined
    entries.push([unescaped(name), unescaped([first, ...rest].join('='))])
  }
  return entries
}

/** The parts of a text, none for an empty one; undefined for what is not text. */
function splitText(raw: unknown): string[] | undefined {
  const written = textOf(raw)?.trim()
  if (written === undefined) return undefined
  return written === '' ? [] : split(written, ',')
}

/** Splits at separators that no backslash stands before; the parts keep their backslashes. */
function split(written: string, separator: ',' | '='): string[] {
  const parts: string[] = []
  let start = 0
  for (let index = 0; index < written.length; index += 1) {
    if (written[index] === '\\') index += 1
    else if (written[index] === separator) {
      parts.push(written.slice(start, index))
      start = index + 1
    }
  }
  parts.push(written.slice(start))
  return parts
}

function unescaped(part: string): string {
  return part.replaceAll(/\\([\\,=])/g, '$1')
}

function escaped(item: string): string {
  return item.replaceAll(/[\\,=]/g, '\\$&')
}
