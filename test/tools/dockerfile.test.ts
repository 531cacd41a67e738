// The Dockerfile by a linter, and by what it copies. Where a builder is there it should be built too; none is here.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { validate } from 'dockerfile-utils'
import { expect, test } from 'vitest'

const ROOT = path.join(import.meta.dirname, '../..')
const text = readFileSync(path.join(ROOT, 'deploy/Dockerfile'), 'utf8')

test('the Dockerfile has no fault that a linter finds', () => {
  const said = validate(text).map(({ message, range }) =>
    JSON.stringify({ line: range.start.line + 1, message }),
  )
  expect(said).toEqual([])
})

test('the linter finds faults where there are some', () => {
  expect(validate('FROM scratch\nRUNN x\n')).not.toEqual([])
})

test('what it copies is there, and let through by .dockerignore', () => {
  const allowed = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  )
  expect(copied).toContain('src')
  for (const source of copied) {
    expect(existsSync(path.join(ROOT, source)), source).toBe(true)
    expect(allowed).toContain(source)
  }
})

test('the image runs as nobody, and by the Node that the project pins', () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  expect(text).toMatch(/^USER 65532:65532$/m)
  for (const [, major] of text.matchAll(/^FROM node:(\d+)-slim/gm)) {
    expect(dependencies['node']?.split('.')[0]).toBe(major)
  }
})
