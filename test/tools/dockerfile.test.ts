// The Dockerfile by a linter, by what it copies, and by what its build step makes: the image itself needs a builder.

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, symlink } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { validate } from 'dockerfile-utils'
import { expect, test } from 'vitest'
import { objectsOf } from '../support/deploy-manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'

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

const { version, dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  version: string
  dependencies: Record<string, string>
}
const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources = '']) =>
  sources.split(' '),
)

test('what it copies is there, and let through by .dockerignore', () => {
  const allowed = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  expect(copied).toContain('src')
  for (const source of copied) {
    expect(existsSync(path.join(ROOT, source)), source).toBe(true)
    expect(allowed).toContain(source)
  }
})

test('the image runs as nobody, and by the Node that the project pins', () => {
  expect(text).toMatch(/^USER 65532:65532$/m)
  for (const [, major] of text.matchAll(/^FROM node:(\d+)-slim/gm)) {
    expect(dependencies['node']?.split('.')[0]).toBe(major)
  }
})

test('what it copies is enough to build, and each program that is started runs as it was compiled', async () => {
  await using folder = await tempFolder('image')
  for (const source of copied) {
    await cp(path.join(ROOT, source), path.join(folder.path, source), { recursive: true })
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder.path, 'node_modules'))
  const run = (...args: string[]) => promisify(execFile)(process.execPath, args, { cwd: folder.path })
  const { stdout: tsc } = await run('-p', "require.resolve('typescript/package.json')")
  await run(path.join(path.dirname(tsc.trim()), 'bin/tsc'), '-p', 'tsconfig.build.json')

  const [, entry = ''] = /^ENTRYPOINT \[.*"(dist\/\S+)"\]$/m.exec(text) ?? []
  const pods = (await objectsOf('validator.yaml')).find(({ kind }) => kind === 'Deployment')
  const [, validator = ''] = /"(dist\/[^"]+)"/.exec(JSON.stringify(pods)) ?? []
  for (const program of [entry, validator]) {
    expect((await run(program, 'version')).stdout, program).toContain(version)
  }
}, 60_000)
