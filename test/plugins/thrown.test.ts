// Whatever a plugin throws, reading it neither throws nor lets it write its own log lines.

import { describe, expect, it } from 'vitest'
import { oneLine, readThrown } from '../../src/plugins/thrown.ts'

const hostile = new Proxy(new Error('x'), {
  get() {
    throw new Error('from the trap')
  },
  getPrototypeOf() {
    throw new Error('from the trap')
  },
  ownKeys() {
    throw new Error('from the trap')
  },
})

describe('a thrown value', () => {
  it('that is an Error keeps name, message and stack, in an Error of our own', () => {
    const thrown = Object.freeze(new RangeError('too far'))
    const { text, error } = readThrown(thrown)
    expect(text).toBe('RangeError: too far')
    expect(error).not.toBe(thrown)
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far', stack: thrown.stack })
  })

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['text', 'text'],
    [Symbol('s'), 'Symbol(s)'],
    [{ code: 7 }, '{"code":7}'],
    [Object.create(null), '{}'],
    [10n, '10'],
    [hostile, 'object that cannot be printed'],
  ])('that is no Error is said so: %#', (thrown, printed) => {
    expect(readThrown(thrown).text).toBe(`a value that is no Error: ${printed}`)
  })

  it('is read with what of it can be read', () => {
    const thrown = {
      message: 'half',
      get name() {
        throw new Error('no name')
      },
      stack: 7,
    }
    expect(readThrown(thrown)).toMatchObject({ text: 'Error: half', error: { stack: 'Error: half' } })
  })

  it('becomes one line of at most 300 characters, with nothing in it that moves the cursor', () => {
    expect(oneLine('a\r\n\u001b[2J\u2028\u202eb\ud800')).toBe(
      'a\\u000d\\u000a\\u001b[2J\\u2028\\u202eb\ufffd',
    )
    expect(readThrown(new Error('m'.repeat(100_000))).text).toHaveLength(303)
    expect(readThrown(new Error('m'.repeat(100_000))).error.stack?.length).toBeLessThan(8200)
  })
})
