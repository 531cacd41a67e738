// The catalogue as Grafana needs it: texts that stand in the place of codes, reasons and blames, and their colours.
// Must never hold a text of its own about a code or a reason: src/errors/ is where those are written.

import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { CATALOGUE, codeText, ERROR_FACTS, type ErrorFact, errorOf } from '../src/errors/catalogue.ts'
import { BLAMES } from '../src/errors/catalogue-entry.ts'
import { BLAMED } from '../src/errors/document.ts'
import { REJECTIONS } from '../src/errors/rejections.ts'
import { BLAME_COLOUR, CODE_COLOUR, reasonColours } from './colours.ts'

/** What graphs by code call each of them: `08 Could not get ...`. */
export const CODE_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  CATALOGUE.map(({ code, message }) => [codeText(code), `${codeText(code)} ${message}`]),
)

/** In the place of a reason: what happened. @param facts those that can occur, by default all */
export function reasonMeans(facts: readonly ErrorFact[] = ERROR_FACTS): readonly ValueMapping[] {
  return [mapping(facts.map(({ reason, means }) => [reason, { text: plain(means) }]))]
}

/** In the place of a reason of what HTTP itself refuses: what that is. */
export const REJECTION_MEANS: readonly ValueMapping[] = [
  mapping(REJECTIONS.map(({ reason, means }) => [reason, { text: means }])),
]

/** In the place of a code: its message. */
export const CODE_MESSAGES: readonly ValueMapping[] = [
  mapping(CATALOGUE.map(({ code, message }) => [codeText(code), { text: message }])),
]

/** The colour of a blame behind its word. */
export const BLAME_COLOURS: readonly ValueMapping[] = [
  mapping(BLAMES.map((blame) => [blame, { text: blame, color: BLAME_COLOUR[blame] }])),
]

/** The colour of a code behind its digits. */
export const CODE_COLOURS: readonly ValueMapping[] = [
  mapping(Object.entries(CODE_COLOUR).map(([code, color]) => [code, { text: code, color }])),
]

/** Who has to act, by blame, as a list in Markdown. */
export const BLAME_LIST: string = BLAMES.map((blame) => `- **${blame}**: ${BLAMED[blame]}`).join('\n')

/** The codes that guards deny with, by their two digits: from the first of them on, all are theirs. */
export const GUARD_CODES: readonly string[] = CATALOGUE.filter(
  ({ code }) => code >= errorOf('key_missing').code,
).map(({ code }) => codeText(code))

/** The code of rates and quotas. */
export const LIMIT_CODE: string = errorOf('rate_exceeded').codeText

/** A colour for every reason of every code. */
export const REASON_COLOURS = reasonColours(ERROR_FACTS)

/** The reasons of a code. @param code 0 to 14 */
export function factsOf(code: number): readonly ErrorFact[] {
  return ERROR_FACTS.filter((fact) => fact.code === code)
}

function mapping(
  entries: readonly (readonly [value: string, result: { text: string; color?: string }])[],
): ValueMapping {
  const options = entries.map(([value, result], index) => [value, { ...result, index }] as const)
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) }
}

/** Cells of tables show no Markdown. */
function plain(markdown: string): string {
  return markdown.replaceAll('`', '')
}
