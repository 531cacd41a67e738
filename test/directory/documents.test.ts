// Text to documents: what is read, what is a fault, where it is, and texts that are made to hurt.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { DOCUMENTS_MAX, readDocuments } from '../../src/directory/documents.ts'

const yaml = (text: string) => readDocuments(text, 'yaml', false)
const json = (text: string) => readDocuments(text, 'json', false)

async function faultOf(text: string, format: 'json' | 'yaml' = 'yaml'): Promise<string> {
  const documents = await readDocuments(text, format, false)
  return documents.type === 'fault' ? documents.message : `no fault: ${JSON.stringify(documents.values)}`
}

describe('YAML', () => {
  test('several documents are several values, empty ones are none', async () => {
    expect(await yaml('---\na: 1\n---\n# nothing\n---\nb: [2]\n...\n')).toEqual({
      type: 'values',
      values: [{ a: 1 }, { b: [2] }],
    })
    expect(await yaml('# only a comment\n')).toEqual({ type: 'values', values: [] })
  })

  test('anchors, aliases and merge keys are expanded', async () => {
    expect(await yaml('a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n')).toEqual({
      type: 'values',
      values: [{ a: { x: 1 }, b: { x: 1 }, c: { x: 1, y: 2 } }],
    })
  })

  test.each([
    [
      'a key that is there twice',
      'a: 1\nb:\n  c: 1\n  c: 2\n',
      /^line 4, column 3: the key is there twice, near "c: 2"$/,
    ],
    ['a key that is there as text and number', '1: a\n"1": b\n', /^line 2, column 1: the key is there twice/],
    ['a key that is no text', '? [a]\n: b\n', /^line 1, column 3: a key must be a plain text/],
    [
      'bad indentation',
      'a:\n  - b\n c: d\n',
      /^line 3, column 1: All mapping items must start at the same column/,
    ],
    ['a fault in the second document', 'a: 1\n---\nb: [\n', /^line 4, column 1: /],
    ['a closing bracket too many', 'a: 1\n}\n', /^line 2, column 1: /],
    ['an alias without an anchor', 'a: *x\n', /^line 1, column 4: the alias names no anchor before it/],
    [
      'an alias inside its anchor',
      'a: &a [1, *a]\n',
      /^line 1, column 11: the alias stands inside its own anchor/,
    ],
    ['nesting without end', '['.repeat(100_000), /nested too deep/],
    ['deep nesting', `${'['.repeat(150)}${']'.repeat(150)}`, /nested deeper than 100 levels/],
  ])('%s is a fault with its place', async (_, text, expected) => {
    expect(await faultOf(text)).toMatch(expected)
  })

  test('aliases that grow without measure are refused, by the alias and by the merge key', async () => {
    const levels = Array.from({ length: 30 }, (_, level) => level + 1)
    const laughs = [
      'a0: &a0 [x, x]',
      ...levels.map((level) => `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`),
    ]
    const merges = [
      'a0: &a0 {x: 1}',
      ...levels.map((level) => `a${level}: &a${level} {<<: [*a${level - 1}, *a${level - 1}]}`),
    ]
    expect(await faultOf(laughs.join('\n'))).toContain('its aliases stand for more than 1000000 nodes')
    expect(await faultOf(merges.join('\n'))).toContain('its aliases stand for more than 1000000 nodes')
    const many = `- &a x\n${'- *a\n'.repeat(101)}`
    expect(await faultOf(many)).toContain('its aliases cannot be expanded')
  })

  test('ten thousand keys in one object are no trouble, one document too many is a fault', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `key${index}: 1`).join('\n')
    expect(await yaml(keys)).toMatchObject({ type: 'values' })
    expect(await faultOf('---\na: 1\n'.repeat(DOCUMENTS_MAX + 1))).toContain(
      `more than ${DOCUMENTS_MAX} documents`,
    )
  })

  test('what was read of a long text does not hold the text', async () => {
    const heapBytes = collector()
    const before = heapBytes()
    const kept: unknown[] = []
    for (let edit = 0; edit < 8; edit += 1) {
      const comment = `# ${'a comment of an edited file '.repeat(40_000)}${edit}\n`
      const documents = await yaml(`${comment}---\nname: a-name-of-${edit}-that-is-long-enough\n`)
      if (documents.type === 'values') kept.push(documents.values[0])
    }
    expect(kept).toHaveLength(8)
    expect(heapBytes() - before).toBeLessThan(4_000_000)
  })

  test('a long text lets others have their turn meanwhile', async () => {
    let turns = 0
    const ticking = setInterval(() => (turns += 1), 0)
    const documents = await yaml('---\nname: some text of a line\n'.repeat(15_000))
    clearInterval(ticking)
    expect(documents).toMatchObject({ type: 'values' })
    expect(turns).toBeGreaterThan(0)
  })
})

describe('JSON', () => {
  test('is read strictly, tabs and escapes included', async () => {
    expect(await json('{\n\t"a": [1, -2.5e3, "\\u00e9\\n", {}, [], null, true]\n}\n')).toEqual({
      type: 'values',
      values: [{ a: [1, -2500, 'é\n', {}, [], null, true] }],
    })
    expect(await json(' \n')).toEqual({ type: 'values', values: [] })
  })

  test.each([
    ['a comma too many', '{"a": 1,}', 'line 1, column 9: expected a key in double quotes'],
    ['a comma too few', '{"a": 1\n "b": 2}', 'line 2, column 2: expected "," or "}"'],
    ['a key that is there twice', '{"a": 1,\n "\\u0061": 2}', 'line 2, column 2: the key is there twice'],
    ['a second value', '{} {}', 'line 1, column 4: nothing may follow the value'],
    ['a text without end', '["abc', 'line 1, column 6: expected a value'],
    ['a bad escape', '["\\q"]', 'line 1, column 3: expected a value'],
    ['a text cut off', '{"a":', 'line 1, column 6: expected a value'],
    ['a wrong word', '[nul]', 'line 1, column 2: expected a value'],
    ['a leading zero', '[01]', 'line 1, column 3: expected "," or "]"'],
    ['a missing colon', '{"a" 1}', 'line 1, column 6: expected ":"'],
    ['a wrong bracket', '[1}', 'line 1, column 3: expected "," or "]"'],
    ['deep nesting', '['.repeat(101), 'line 1, column 101: nested deeper than 100 levels'],
  ])('%s is a fault with its place', async (_, text, expected) => {
    expect((await faultOf(text, 'json')).startsWith(expected)).toBe(true)
  })
})

describe('what a fault shows', () => {
  test('is bounded and escaped', async () => {
    const message = await faultOf(`a: 1\nb: [\u001b${'x y '.repeat(100)}\nc: 1\n`)
    expect(message.length).toBeLessThan(300)
    expect(message).not.toContain('\u001b')
  })

  test.each([
    'kind: Secret',
    'data:',
    'stringData:',
    'password: x',
    `long: ${'A'.repeat(40)}`,
    '-----BEGIN X',
  ])('is no content where the text has %s in it', async (hint) => {
    expect(await faultOf(`${hint}\nname: visible\n  b: [\n`)).toMatch(
      /^line \d+, column \d+: not valid YAML \([a-z ]+\)$/,
    )
  })

  test('is no content where the caller forbids it', async () => {
    expect(await readDocuments('name: [x', 'yaml', true)).toEqual({
      type: 'fault',
      message: expect.stringMatching(/^line 1, column 9: not valid YAML \([a-z ]+\)$/) as string,
    })
  })
})

/** Gives the bytes in use after a collection. */
function collector(): () => number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  return () => {
    collect()
    collect()
    return process.memoryUsage().heapUsed
  }
}
