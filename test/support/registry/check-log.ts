// Whether a line of a log is one that the registry knows: all fields of the access log in their order, and no others than
// the known ones in the program's log.

import { valueProblem } from './check-value.ts'
import type { FieldRow, Registry } from './registry.ts'

type Line = Readonly<Record<string, unknown>>

/** What every line of the program's log begins with. */
const HEAD = ['level', 'time', 'msg']

/** One line for each thing that is not as the registry has it. */
export function accessLineProblems(registry: Registry, line: Line): string[] {
  const expected = [...registry.accessLog.keys()].join(' ')
  const names = Object.keys(line).join(' ')
  if (names !== expected) return [`access log: the fields are ${names}`]
  return fieldProblems(registry.accessLog, line).map((problem) => `access log: ${problem}`)
}

export function logLineProblems(registry: Registry, line: Line): string[] {
  const at = `log "${String(line['msg'])}"`
  const absent = HEAD.filter((name) => !(name in line)).map((name) => `no field ${name}`)
  return [...absent, ...fieldProblems(registry.programLog, line)].map((problem) => `${at}: ${problem}`)
}

/** The same for the fields that the program gives, before they are a line. */
export function logFieldProblems(registry: Registry, fields: object, message: string): string[] {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  const clash = HEAD.filter((name) => name in given).map((name) => `the field ${name} is there already`)
  return [...clash, ...fieldProblems(registry.programLog, given)].map(
    (problem) => `log "${message}": ${problem}`,
  )
}

function fieldProblems(known: ReadonlyMap<string, FieldRow>, line: Line): string[] {
  return Object.entries(line).flatMap(([name, value]) => {
    const row = known.get(name)
    if (row === undefined) return [`unknown field ${name}`]
    const problem = valueProblem(row, value)
    return problem === undefined ? [] : [`field ${name} ${problem}`]
  })
}
