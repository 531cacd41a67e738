// Untrusted text in JSON and on a terminal.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clipped, jsonString, jsonText, lineText } from '../../src/telemetry/visible-text.ts'

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
})

describe('a JSON string', () => {
  test('is read back as the text, and shows no control character, line separator or lone surrogate', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = jsonString(text)
        expect(JSON.parse(json)).toBe(text)
        expect(json).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
        expect(json.isWellFormed()).toBe(true)
      }),
    )
  })

  test('leaves plain text as it is', () => {
    expect(jsonString('/a/b-c_d~e%20f')).toBe('"/a/b-c_d~e%20f"')
  })
})

test('a value as JSON is read back as it was, and holds no control or formatting character', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const json = jsonText({ [text]: [text] })
      expect(JSON.parse(json)).toEqual({ [text]: [text] })
      expect(json).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    }),
  )
  expect(jsonText({ a: '\u{e0001}' })).toBe('{"a":"\\udb40\\udc01"}')
})

test('a line for a terminal holds no control or formatting character, whatever the text is', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const line = lineText(text)
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
      expect(line.isWellFormed()).toBe(true)
    }),
  )
  expect(lineText('a\u001b[2Jb\u202ec')).toBe('a\\u001b[2Jb\\u202ec')
})

test('a clipped text is at most that long and says so', () => {
  expect(clipped('abcdef', 6)).toBe('abcdef')
  expect(clipped('abcdefg', 6)).toBe('abcde…')
})
