// Field lines of a head or a trailer section, octet by octet as RFC 9112 section 5 has them: no line ends but CRLF, no
// folding, no white space before a colon, no control characters. It must never repair what it reads.

import { malformed, type WireFault } from './wire-fault.ts'

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58
const DEL = 127

/** 1 for characters of a token (RFC 9110 section 5.6.2). */
const TOKEN = new Uint8Array(256)
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[character.charCodeAt(0)] = 1
}

/** 1 for octets that may stand in a field's value or a reason phrase (RFC 9110 section 5.5). */
const FIELD_OCTET = new Uint8Array(256).fill(1, SPACE)
FIELD_OCTET[TAB] = 1
FIELD_OCTET[DEL] = 0

/** The line is not there yet as a whole. */
export const LINE_INCOMPLETE = -1
/** The line is wrong: see `fault`. */
export const LINE_WRONG = -2

/** True for a token; `to` is exclusive. */
export function isToken(text: string, from: number, to: number): boolean {
  if (from >= to) return false
  for (let at = from; at < to; at++) if (TOKEN[text.charCodeAt(at)] !== 1) return false
  return true
}

/** True for text that may stand in a field's value or a reason phrase: tabs, spaces, visible and obs-text octets. */
export function isFieldText(text: string, from = 0, to = text.length): boolean {
  for (let at = from; at < to; at++) if (FIELD_OCTET[text.charCodeAt(at)] !== 1) return false
  return true
}

/** Reads lines out of latin1 text. */
export class FieldSection {
  /** Flat name, value list of the lines read since `clear`. */
  fields: string[] = []
  fault: WireFault | undefined
  /** The last line read was the empty one that ends the section. */
  ended = false

  clear(): void {
    this.fields = []
    this.fault = undefined
    this.ended = false
  }

  /** Reads the line that begins at `from`; gives where the next one does, or one of the two constants above. */
  line(text: string, from: number): number {
    let at = from
    let code = text.charCodeAt(at)
    if (code === CR) return this.#emptyLine(text, at)
    while (TOKEN[code] === 1) code = text.charCodeAt(++at)
    if (code !== COLON) return this.#wrongName(text, from, at)
    const nameEnd = at
    if (nameEnd === from) return this.#wrong('a field has no name')
    do code = text.charCodeAt(++at)
    while (code === SPACE || code === TAB)
    const valueFrom = at
    let valueTo = at
    while (FIELD_OCTET[code] === 1) {
      at += 1
      if (code !== SPACE && code !== TAB) valueTo = at
      code = text.charCodeAt(at)
    }
    if (at >= text.length) return LINE_INCOMPLETE
    if (code !== CR) return this.#wrong('a control character or a bare LF stands in a field')
    if (at + 1 >= text.length) return LINE_INCOMPLETE
    if (text.charCodeAt(at + 1) !== LF) return this.#wrong('a bare CR stands in a field')
    this.fields.push(text.slice(from, nameEnd), text.slice(valueFrom, valueTo))
    return at + 2
  }

  #emptyLine(text: string, at: number): number {
    if (at + 1 >= text.length) return LINE_INCOMPLETE
    if (text.charCodeAt(at + 1) !== LF) return this.#wrong('a bare CR stands in place of a field')
    this.ended = true
    return at + 2
  }

  #wrongName(text: string, from: number, at: number): number {
    if (at >= text.length) return LINE_INCOMPLETE
    const code = text.charCodeAt(at)
    if (at === from && (code === SPACE || code === TAB)) return this.#wrong('a line is folded')
    return this.#wrong('a field line has no name that is a token with a colon behind it')
  }

  #wrong(message: string): number {
    this.fault = malformed(message)
    return LINE_WRONG
  }
}
