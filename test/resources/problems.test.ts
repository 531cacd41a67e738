import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problems, PROBLEMS_MAX, escapeText, showValue } from '../../src/resources/problems.ts'

describe('problems', () => {
  it('are absent where nothing is wrong', () => {
    expect(new Problems().all()).toBeUndefined()
  })

  it('are kept up to a limit, and the rest is counted', () => {
    const problems = new Problems()
    for (let index = 0; index < PROBLEMS_MAX + 3; index += 1)
      problems.add(`spec[${index}]`, index, 'must be less')
    const all = problems.all() ?? []
    expect(all).toHaveLength(PROBLEMS_MAX + 1)
    expect(all.at(-1)).toEqual({ field: '', value: '', rule: 'and 3 more problems' })
  })

  it('show no value where values are secret', () => {
    const problems = new Problems(true)
    problems.add('data[tls.crt]', 'hunter2', 'must be base64')
    expect(problems.all()).toEqual([{ field: 'data[tls.crt]', value: '(not shown)', rule: 'must be base64' }])
  })
})

describe('a value in a problem', () => {
  it('is escaped where it is not printable ASCII', () => {
    expect(escapeText('a\r\n\t\0\u001b[31m\\é\u202e😀')).toBe(
      'a\\r\\n\\t\\u0000\\u001b[31m\\\\\\u00e9\\u202e\\ud83d\\ude00',
    )
  })

  it('is shown by its type where it has parts', () => {
    expect([{ a: 1 }, [1], null, 1.5, true].map(showValue)).toEqual([
      'an object',
      'a list',
      'null',
      '1.5',
      'true',
    ])
  })

  it('is whole up to 100 characters, and cut between escapes beyond', () => {
    expect(escapeText('x'.repeat(100))).toBe('x'.repeat(100))
    expect(escapeText('x'.repeat(101))).toBe(`${'x'.repeat(97)}...`)
    expect(escapeText('é'.repeat(50))).toBe(`${'\\u00e9'.repeat(16)}...`)
  })

  it('is always at most 100 characters of printable ASCII', () => {
    fc.assert(fc.property(fc.anything(), (value) => /^[ -~]{0,100}$/u.test(showValue(value))))
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) =>
        /^[ -~]{0,100}$/u.test(escapeText(text)),
      ),
    )
  })
})
