// No reason is missing by name: each is expected by at least one test in this folder, all of which go through a real
// socket. What nobody can produce has no place in the catalogue.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'

const SELF = path.basename(import.meta.filename)
const TESTS = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts') && file !== SELF)
  .map((file) => readFileSync(path.join(import.meta.dirname, file), 'utf8'))

function isExpected(reason: string, by: RegExp): boolean {
  return TESTS.some((text) => by.test(text) && text.includes(`'${reason}'`))
}

test('every reason of the fifteen codes is expected by a test through a real socket', () => {
  const by = /expectFailure\(|expectFailureSignals\(|expectFailedAttempt\(|expectCutAnswer\(/
  const missing = ERROR_FACTS.map(({ reason }) => reason).filter((reason) => !isExpected(reason, by))
  expect(missing).toEqual([])
})

test('every reason of a refusal by HTTP is expected by a test through a real socket', () => {
  const missing = REJECTIONS.map(({ reason }) => reason).filter(
    (reason) => !isExpected(reason, /expectRejection\(|'kanali\.rejected\.reason'/),
  )
  expect(missing).toEqual([])
})
