// What the tests see of telemetry, held against the registry as it comes in: the receivers of test/support call this for
// each span, page and line, and expect-known.ts fails the test that is under way. It only takes note; it never throws,
// for a receiver that throws would fail in a place that nobody looks at.

import type { Exposition } from '../exposition.ts'
import type { ReceivedSpan } from '../received-span.ts'
import { expositionProblems } from './check-exposition.ts'
import { accessLineProblems, logFieldProblems, logLineProblems } from './check-log.ts'
import { spanProblems } from './check-span.ts'
import { telemetryRegistry } from './registry.ts'

const PROBLEMS_MAX = 50

const problems = new Set<string>()

/** All that was seen since the last call and is not as the registry has it; at most 50 lines. */
export function takeUnknownTelemetry(): string[] {
  const taken = [...problems]
  problems.clear()
  return taken
}

/** @param limited variables limit the attributes of the gateway that sent it */
export function seeSpan(span: ReceivedSpan, limited: boolean): void {
  see(() => spanProblems(telemetryRegistry(), span, { limited }))
}

/** Pages of other programs are not looked at. */
export function seeExposition(exposition: Exposition): void {
  if (!exposition.families.has('kanali_build_info')) return
  see(() => expositionProblems(telemetryRegistry(), exposition))
}

/** A line of standard output. Lines for people are not looked at. */
export function seeAccessLine(line: string): void {
  see(() => {
    const fields = fieldsOf(line)
    return fields === undefined ? [] : accessLineProblems(telemetryRegistry(), fields)
  })
}

/** A line of standard error. What is no JSON is Node's own. */
export function seeLogLine(line: string): void {
  see(() => {
    const fields = fieldsOf(line)
    return fields === undefined ? [] : logLineProblems(telemetryRegistry(), fields)
  })
}

/** What a part of the program gave to a log of the test. */
export function seeLogFields(fields: object, message: string): void {
  see(() => logFieldProblems(telemetryRegistry(), fields, message))
}

function see(check: () => readonly string[]): void {
  try {
    for (const problem of check()) if (problems.size < PROBLEMS_MAX) problems.add(problem)
  } catch (error) {
    problems.add(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}
