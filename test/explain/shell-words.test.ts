// Commands that a person pastes: whatever text goes in, a real shell hands on exactly that text as one word, and the
// terminal sees nothing but printable characters.

import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commandsIn } from '../../src/explain/command-template.ts'
import { isPlainWord, shellWord } from '../../src/explain/shell-words.ts'

const HOSTILE = [
  "it's",
  '$(touch /tmp/x)',
  '`id`',
  '; rm -rf ~',
  'a b',
  '"',
  '',
  '-rf',
  '*',
  '~',
  'a\\',
  '!1',
  '#',
  'a&b|c>d<e',
  '{a,b}',
  '%20',
]

const say = (words: readonly string[]): string =>
  execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${words.join(' ')}`], { encoding: 'utf8' })

describe('a word for a shell', () => {
  test('is handed on as it is, whatever is in it', () => {
    expect(say(HOSTILE.map(shellWord))).toBe(`${HOSTILE.join('\n')}\n`)
  })

  test('is handed on as it is: any printable text', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), {
      minLength: 1,
      maxLength: 50,
    })
    fc.assert(
      fc.property(texts, (words) => {
        expect(say(words.map(shellWord))).toBe(`${words.join('\n')}\n`)
      }),
      { numRuns: 20 },
    )
  })

  test('shows a terminal nothing but printable characters', () => {
    for (const text of ['\u001b[31m', '\u009b2J', 'a\nb', '\u202e', 'ü', '😀']) {
      expect(shellWord(text)).toMatch(/^\$'[\x20-\x7e]+'$/)
    }
    expect(shellWord("\u009b'\\")).toBe(String.raw`$'\x9b\x27\x5c'`)
  })

  test('is plain where it needs no quotes, also in the middle of others', () => {
    expect(['a-b_c.d:8/e,f@g%20+=', 'a b', "'", '$', '', '<', '*'].map(isPlainWord)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('a command of the catalogue', () => {
  const fill = (text: string, values: Readonly<Record<string, string>>) =>
    commandsIn(text, (placeholder) => values[placeholder])

  test('gets the real names', () => {
    const text =
      'Run `kubectl get service <name> -n <namespace of the ApiProxy>` and compare with `spec.path`.'
    expect(fill(text, { name: 'cart', 'namespace of the ApiProxy': 'shop' })).toEqual([
      'kubectl get service cart -n shop',
    ])
  })

  test('is left out where a name is not known: a placeholder redirects', () => {
    expect(fill('Run `openssl s_client -CAfile <tls.ca> -connect <host>:1`', { host: 'a' })).toEqual([])
  })

  test('keeps the redirections of its own', () => {
    const text = '`openssl s_client -connect <host>:<port> </dev/null | openssl x509 -noout -dates`'
    expect(fill(text, { host: 'a', port: '1' })).toEqual([
      'openssl s_client -connect a:1 </dev/null | openssl x509 -noout -dates',
    ])
  })

  test('quotes what needs quotes, and is left out where that would stand within others', () => {
    expect(fill('`curl -v http://<host>/<path>`', { host: 'a', path: "it's" })).toEqual([
      String.raw`curl -v http://a/'it'\''s'`,
    ])
    expect(fill('`curl -H "Host: <host>" x`', { host: 'a$(id)' })).toEqual([])
    expect(fill('`curl -H "Host: <host>" x`', { host: 'a.b' })).toEqual(['curl -H "Host: a.b" x'])
  })

  test('only looks: what changes something is not among the checks', () => {
    expect(fill('`kubectl annotate secret x a=b` `kubectl get x` `rm -rf /`', {})).toEqual(['kubectl get x'])
  })
})
