// Reads a YAML document with js-yaml, in a sixth of the time that `yaml` takes, which keeps the place of everything. It says
// `NOT_PLAIN` of what the two read differently, of what has a limit of its own, and of what js-yaml refuses: `yaml` then has
// the word, and tells what is wrong and where. It must never give another value than `yaml` would
// (test/properties/plain-yaml.test.ts holds it to that).

import { CORE_SCHEMA, load } from 'js-yaml'
import { jsonFault } from './json-fault.ts'

/** Said of a document that is left to `yaml`. */
export const NOT_PLAIN = Symbol('not plain')

/** All but printable ASCII and plain line breaks; merge keys, and keys that no object can have. */
const STRANGE = /[^\x20-\x7e\n]|<<|__proto__/
/**
 * Aliases, anchors, tags, directives, ends of documents and indented beginnings of one; keys that are empty, null or more
 * than a word; collections in brackets that are not empty; numbers with an exponent.
 */
const NOT_ALIKE =
  /[&*!%?~]|\.\.\.|(?:^|\n) +---|(?:^|[\s,-]):|null *:|[[{](?![\]}] *(?:\n|$| #))|[0-9.][eE][-+]?[0-9]/i
const EMPTY = /^(?:---(?=[ \n]|$))?(?:[ \n]|(?<=^|[ \n])#[^\n]*)*$/
const JSON_BEGINS = /^(?:--- *\n)?\s*\{/

/**
 * The value of one document, a map or a list; undefined where it is empty.
 * @param text of the document alone, its `---` included
 */
export function readPlain(text: string): unknown {
  if (STRANGE.test(text)) return NOT_PLAIN
  if (JSON_BEGINS.test(text)) return readJson(text.slice(text.indexOf('{')))
  if (NOT_ALIKE.test(text)) return NOT_PLAIN
  if (EMPTY.test(text)) return undefined
  try {
    const value = load(ownText(text), { schema: CORE_SCHEMA })
    return typeof value === 'object' && value !== null ? value : NOT_PLAIN
  } catch {
    return NOT_PLAIN
  }
}

/**
 * A text of its own. What is cut out of a text is a window on it: without this one name would hold the text of its whole
 * file in memory, and the objects of a file that is edited often all texts that it ever had.
 */
function ownText(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('latin1')
}

/** JSON is YAML, where no key is there twice. */
function readJson(text: string): unknown {
  return jsonFault(text) === undefined ? JSON.parse(text) : NOT_PLAIN
}
