// Documents on standard output, as YAML or JSON. What stands in them came from outside: no control character of it may
// reach a terminal.

import { stringify } from 'yaml'

export type OutputFormat = 'yaml' | 'json'

/** Undefined for a word that is no format. */
export function formatOf(word: string): OutputFormat | undefined {
  return word === 'yaml' || word === 'json' ? word : undefined
}

/** One document, with its line end. */
export function documentText(value: object, format: OutputFormat): string {
  // Through JSON, so that both formats show the same and nothing that is undefined.
  const json = JSON.stringify(value, undefined, 2)
  const text =
    format === 'json'
      ? `${json}\n`
      : stringify(JSON.parse(json), { lineWidth: 0, aliasDuplicateObjects: false })
  return visible(text)
}

/** One of several: a line of JSON, or a document of a YAML stream. */
export function streamedText(value: object, format: OutputFormat): string {
  return format === 'json' ? visible(`${JSON.stringify(value)}\n`) : `---\n${documentText(value, format)}`
}

/** JSON has escaped the rest already; an escape is the same in a string of either format. */
function visible(text: string): string {
  return text.replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
