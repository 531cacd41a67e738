// A closed set of values, as the registry names it: listed, or all that a pattern fits.

import { Row } from './rows.ts'
import { TABLES } from './tables.ts'

export class ValueSet {
  readonly name: string
  readonly values: ReadonlySet<string>
  readonly pattern: RegExp | undefined
  /** How many values one process shows at once at most; infinite where nothing bounds them. */
  readonly most: number

  constructor(name: string, raw: unknown) {
    const row = new Row(raw, `sets ${name}`, ['source', 'values', 'pattern', 'most'])
    const source = row.maybeText('source')
    const table = source === undefined ? [] : TABLES[source]
    if (table === undefined) throw new Error(`${row.at}: there is no table ${source}`)
    const pattern = row.maybeText('pattern')
    this.name = name
    this.values = new Set([...table, ...row.texts('values')])
    this.pattern = pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`)
    this.most = row.count('most') ?? (pattern === undefined ? this.values.size : Number.POSITIVE_INFINITY)
    if (this.values.size === 0 && pattern === undefined) throw new Error(`${row.at}: holds nothing`)
  }

  has(value: string): boolean {
    return this.values.has(value) || this.pattern?.test(value) === true
  }
}
