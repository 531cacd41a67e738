// A plugin's own answer: what is sent as it is, and what is refused with the rule that it breaks.

import { describe, expect, it } from 'vitest'
import { checkAnswer } from '../../src/plugins/answer.ts'

describe('an answer of a plugin', () => {
  it('needs no more than a status', () => {
    expect(checkAnswer({ status: 204 })).toEqual({ status: 204, headers: [], body: '' })
  })

  it('is copied with flat headers, one field for each value of a list', () => {
    const headers = { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] }
    expect(checkAnswer({ status: 401, headers, body: 'no' })).toEqual({
      status: 401,
      headers: ['content-type', 'text/plain', 'set-cookie', 'a=1', 'set-cookie', 'b=2'],
      body: 'no',
    })
  })

  it('is what its properties were when they were read, once', () => {
    let reads = 0
    const changing = {
      get status() {
        reads += 1
        return reads === 1 ? 200 : 99
      },
    }
    expect(checkAnswer(changing)).toEqual({ status: 200, headers: [], body: '' })
  })

  const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, '1']))
  const throwing = Object.defineProperty({ status: 200 }, 'body', {
    get() {
      throw null
    },
  })
  it.each([
    [null, 'returned null'],
    [true, 'returned a boolean'],
    ['no', 'returned a string'],
    [{}, 'status'],
    [{ status: 199 }, 'status'],
    [{ status: 600 }, 'status'],
    [{ status: '200' }, 'status'],
    [{ status: 200, body: {} }, 'not a string but of type object'],
    [{ status: 200, body: Buffer.from('a') }, 'not a string'],
    [{ status: 304, body: 'a' }, 'a 304 cannot have'],
    [{ status: 200, body: 'a'.repeat(1_048_577) }, 'more than 1048576 characters'],
    [{ status: 200, headers: 'a: b' }, 'not a plain object'],
    [{ status: 200, headers: ['a', 'b'] }, 'not a plain object'],
    [{ status: 200, headers: new Headers() }, 'not a plain object'],
    [{ status: 200, headers: null }, 'not a plain object'],
    [{ status: 200, headers: { 'a b': '1' } }, 'not a token'],
    [{ status: 200, headers: { a: 1 } }, 'is a number'],
    [{ status: 200, headers: { a: 'b\r\nc: d' } }, 'does not allow'],
    [{ status: 200, headers: { 'Content-Length': '7' } }, 'belongs to the gateway'],
    [{ status: 200, headers: many }, 'more than 100 headers'],
    [throwing, 'a value that is no Error: null'],
  ])('is refused as %o', (returned, rule) => {
    expect(checkAnswer(returned)).toContain(rule)
  })
})
