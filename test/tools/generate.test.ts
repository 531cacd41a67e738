import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { GENERATED_FILES, staleFiles, writeStaleFiles } from './generate.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanali-generate-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const FILES = [
  { file: 'docs/a.md', render: () => 'a\n' },
  { file: 'b.json', render: () => '{}\n' },
]

test('every generated file of this project is committed as its table renders it', () => {
  expect(staleFiles(resolve(import.meta.dirname, '../..')).map(({ file }) => file)).toEqual([])
})

test('every generated file is named once and ends with a line end', () => {
  expect(new Set(GENERATED_FILES.map(({ file }) => file)).size).toBe(GENERATED_FILES.length)
  for (const { render } of GENERATED_FILES) expect(render().endsWith('\n')).toBe(true)
})

test('missing and changed files are stale, and are written with their folders', () => {
  writeFileSync(join(folder, 'b.json'), '{}')
  expect(writeStaleFiles(folder, FILES).map(({ file }) => file)).toEqual(['docs/a.md', 'b.json'])
  expect(readFileSync(join(folder, 'docs/a.md'), 'utf8')).toBe('a\n')
  expect(staleFiles(folder, FILES)).toEqual([])
})

test('a file that is fresh is not written again', () => {
  writeStaleFiles(folder, FILES)
  const before = statSync(join(folder, 'b.json')).ino
  writeFileSync(join(folder, 'docs/a.md'), 'stale')
  expect(writeStaleFiles(folder, FILES).map(({ file }) => file)).toEqual(['docs/a.md'])
  expect(statSync(join(folder, 'b.json')).ino).toBe(before)
})
