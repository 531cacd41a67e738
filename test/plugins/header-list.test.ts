// The header fields that a plugin reads and changes: without case, on a copy, and never those of the gateway.

import { describe, expect, it } from 'vitest'
import { checkField, HeaderList } from '../../src/plugins/header-list.ts'

const RAW = Object.freeze(['Host', 'a', 'X-One', '1', 'accept', '*/*', 'x-one', '2'])

describe('a header list', () => {
  it('reads without case, the first value and all of them', () => {
    const list = new HeaderList(RAW)
    expect(list.first('X-ONE')).toBe('1')
    expect(list.all('x-One')).toEqual(['1', '2'])
    expect(list.first('x-two')).toBeUndefined()
    expect(list.all('x-two')).toEqual([])
  })

  it('hands out the very list it was given where nothing changed it', () => {
    const list = new HeaderList(RAW)
    list.remove('x-two')
    expect(list.fields()).toBe(RAW)
  })

  it('replaces every field of a name by one, where the first was, and leaves the given list alone', () => {
    const list = new HeaderList(RAW)
    list.set('x-ONE', ' 3 ')
    expect(list.fields()).toEqual(['Host', 'a', 'x-ONE', '3', 'accept', '*/*'])
    list.set('x-two', '')
    expect(list.fields()).toEqual(['Host', 'a', 'x-ONE', '3', 'accept', '*/*', 'x-two', ''])
    expect(RAW).toHaveLength(8)
  })

  it('appends a further field of a name', () => {
    const list = new HeaderList(RAW)
    list.add('x-one', '3')
    expect(list.all('x-one')).toEqual(['1', '2', '3'])
  })

  it('removes every field of a name', () => {
    const list = new HeaderList(['a', '1', 'A', '2', 'b', '3', 'a', '4'])
    list.remove('A')
    expect(list.fields()).toEqual(['b', '3'])
  })

  it('never changes a list that it has handed out', () => {
    const list = new HeaderList(RAW)
    list.set('x-two', '2')
    const handedOut = list.fields()
    list.set('x-two', '3')
    list.remove('accept')
    expect(handedOut).toEqual([...RAW, 'x-two', '2'])
    expect(list.first('x-two')).toBe('3')
  })

  it('does not let a client take away, by Connection, what a plugin has set', () => {
    const list = new HeaderList(['connection', 'close, X-User', 'Connection', 'x-user', 'x-user', 'mallory'])
    list.set('x-user', 'alice')
    expect(list.fields()).toEqual(['connection', 'close', 'Connection', 'keep-alive', 'x-user', 'alice'])
  })

  it.each([
    'Connection',
    'content-length',
    'Transfer-Encoding',
    'te',
    'trailer',
    'upgrade',
    'keep-alive',
    'expect',
  ])('lets no plugin touch %s', (name) => {
    const list = new HeaderList(RAW)
    expect(() => list.set(name, '1')).toThrow(TypeError)
    expect(() => list.add(name, '1')).toThrow(TypeError)
    expect(() => list.remove(name)).toThrow(TypeError)
  })

  it.each(['HOST', 'proxy-connection', 'http2-settings', 'x-kanali-correlation-id'])(
    'lets no plugin touch %s',
    (name) => {
      expect(() => new HeaderList(RAW).set(name, '1')).toThrow(/belongs to the gateway/)
    },
  )

  it.each(['', 'a b', 'a:', 'a\r\nb', 'é', 'x'.repeat(257)])('refuses the name %j', (name) => {
    expect(() => new HeaderList(RAW).set(name, '1')).toThrow(/not a token/)
  })

  it.each(['a\r\nset-cookie: b', 'a\0', '\u0100', '\x7f'])('refuses the value %j', (value) => {
    expect(() => new HeaderList(RAW).set('x', value)).toThrow(/does not allow/)
  })

  it('refuses a value that is no string, or too long', () => {
    expect(() => checkField('x', 7)).toThrow(/is a number/)
    expect(() => new HeaderList(RAW).set('x', 'v'.repeat(65_537))).toThrow(/more than 65536/)
  })

  it('holds 1000 fields and refuses one more', () => {
    const list = new HeaderList(RAW)
    for (let at = list.fields().length / 2; at < 1000; at += 1) list.add('x', '1')
    expect(() => list.add('x', '1')).toThrow(/1000 header fields/)
    list.set('x', '2')
    expect(list.all('x')).toEqual(['2'])
  })
})
