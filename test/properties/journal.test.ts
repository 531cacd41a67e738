// The laws of the journal: what is read from it is what was live, whatever happened, however it was cut into segments and
// wherever a crash cut or damaged a file; it always starts; revisions are unique in it.

import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openJournal } from '../../src/events/journal/journal.ts'
import { JournalReader } from '../../src/events/journal/reader.ts'
import {
  copySegments,
  hashOf,
  JournaledWorld,
  journalOptions,
  type Live,
  segmentsOf,
} from '../support/journal.ts'
import { LogLines } from '../support/log-lines.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { allSteps, tell } from './world.ts'

const histories = fc.array(allSteps, { maxLength: 25 })

let temp: TempFolder
let folders = 0

beforeAll(async () => {
  temp = await tempFolder('journal-laws')
})
afterAll(() => temp.remove())

function newFolder(): string {
  folders += 1
  return path.join(temp.path, String(folders))
}

function readerOf(folder: string): JournalReader {
  const reader = JournalReader.open(folder)
  if ('problem' in reader) throw new Error(reader.problem)
  return reader
}

/** The hash that a replay gives at each of these revisions. */
function expectReplayed(folder: string, lived: readonly Live[], reader = readerOf(folder)): void {
  for (const { revision, hash } of lived) {
    const moment = reader.at({ revision })
    expect('problem' in moment ? moment : hashOf(moment.state), `revision ${revision}`).toBe(hash)
  }
}

/** Every fold on the way, going through all segments, is what was live. */
function expectSteps(folder: string, lived: readonly Live[]): void {
  const reader = readerOf(folder)
  const [first] = lived
  if (first === undefined) return
  const start = reader.at({ revision: first.revision })
  if ('problem' in start) throw new Error(start.problem)
  const hashes = new Map([[first.revision, hashOf(start.state)]])
  for (const { record, after } of reader.steps(start)) hashes.set(record.revision, hashOf(after.state))
  expect([...hashes]).toEqual(lived.map(({ revision, hash }) => [revision, hash]))
}

describe('a journal', () => {
  test('gives at each revision what was live under it, over restarts and segments of any length', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(histories, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        async (runs, checkpointRecords, restore) => {
          const folder = newFolder()
          const lived: Live[] = []
          for (const history of runs) {
            const world = await JournaledWorld.open(folder, { checkpointRecords, restore })
            for (const batch of tell(history).batches) world.batch(batch)
            await world.stop()
            lived.push(...world.lived)
          }
          const reader = readerOf(folder)
          expectReplayed(folder, lived, reader)
          expect(reader.damage).toEqual(new Set())
          if (restore) expectSteps(folder, lived)
          const revisions = lived.map(({ revision }) => revision)
          expect(revisions).toEqual(revisions.map((_, index) => index + 1))
          await rm(folder, { recursive: true })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('goes on after a crash at any byte with what was written before it, and revisions stay unique', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(histories, fc.nat(2000)), { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 2, max: 12 }),
        async (runs, checkpointRecords) => {
          const folder = newFolder()
          let lived: Live[] = []
          for (const [history, cut] of runs) {
            const world = await JournaledWorld.open(folder, { checkpointRecords })
            expect(world.journal.revision).toBeGreaterThanOrEqual(lived.at(-1)?.revision ?? 0)
            // What led to the last revision that is left may be left in part.
            lived.pop()
            for (const batch of tell(history).batches) world.batch(batch)
            await world.stop()
            lived.push(...world.lived)
            await cutLast(folder, cut)
            lived = survivors(folder, lived)
          }
          expectReplayed(folder, lived.slice(0, -1))
          const revisions = lived.map(({ revision }) => revision)
          expect(new Set(revisions).size).toBe(revisions.length)
          await rm(folder, { recursive: true })
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a journal that is damaged', () => {
  let whole: string
  let lived: readonly Live[]

  beforeAll(async () => {
    whole = newFolder()
    const world = await JournaledWorld.open(whole, { checkpointRecords: 20 })
    const [history] = fc.sample(fc.array(allSteps, { minLength: 60, maxLength: 60 }), { numRuns: 1, seed: 7 })
    for (const batch of tell(history ?? []).batches) world.batch(batch)
    await world.stop()
    lived = world.lived
  })

  test('starts with a tail cut at every byte, and has lost that tail alone', async () => {
    const last = (await segmentsOf(whole)).at(-1) ?? ''
    const { length } = readFileSync(path.join(whole, last))
    const folder = newFolder()
    const sizes = Array.from({ length: Math.min(length, 1200) + 1 }, (_, index) => length - index)
    for (const size of sizes) {
      await copySegments(whole, folder)
      truncateTo(path.join(folder, last), size)
      const expected = survivors(folder, lived)
      const log = new LogLines()
      const journal = await openJournal(journalOptions(folder, log))
      if ('problem' in journal) throw new Error(journal.problem)
      const { revision, hash } = expected.at(-1) ?? { revision: 0, hash: '' }
      expect(journal.revision, `${size} bytes`).toBe(revision)
      // Of the last revision a part may be lost; the ones before are whole.
      const before = expected.at(-2)
      if (before !== undefined) {
        const moment = readerOf(folder).at({ revision: before.revision })
        expect('problem' in moment ? moment : hashOf(moment.state)).toBe(before.hash)
      }
      expect(log.messages('warn').length, log.messages('warn').join()).toBeLessThanOrEqual(1)
      if (size === length) expect(hashOf(journal.restored?.state ?? fail())).toBe(hash)
      await journal.stop()
      await rm(folder, { recursive: true })
    }
  }, 120_000)

  test('starts with any byte changed, says so, and gives the other revisions as they were', async () => {
    const names = await segmentsOf(whole)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(names.length - 1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (which, where, change) => {
          const folder = newFolder()
          await copySegments(whole, folder)
          const file = path.join(folder, names[which] ?? '')
          flip(file, where % statSync(file).size, change)
          const reader = readerOf(folder)
          let read = 0
          // What stands last may be a record that is being written: its revision is what there is of it.
          for (const { revision, hash } of lived.slice(0, -1)) {
            const moment = reader.at({ revision })
            if ('problem' in moment) continue
            read += 1
            expect(hashOf(moment.state), `revision ${revision}`).toBe(hash)
          }
          expect(read).toBeGreaterThan(0)
          if (read < lived.length - 2) expect(reader.damage.size).toBeGreaterThan(0)
          const world = await JournaledWorld.open(folder)
          const revisions = Array.from(readerOf(folder).records(), ({ record }) => record.revision)
          expect(world.snapshot.revision).toBeGreaterThan(Math.max(...revisions, 0) - 2)
          await world.stop()
          await rm(folder, { recursive: true })
        },
      ),
      { numRuns: 120 },
    )
  }, 120_000)
})

/** Cuts that many bytes off the end of the newest segment, or all of them. */
async function cutLast(folder: string, bytes: number): Promise<void> {
  const file = path.join(folder, (await segmentsOf(folder)).at(-1) ?? '')
  truncateTo(file, Math.max(0, statSync(file).size - bytes))
}

function truncateTo(file: string, size: number): void {
  const descriptor = openSync(file, 'r+')
  ftruncateSync(descriptor, size)
  closeSync(descriptor)
}

function flip(file: string, offset: number, change: number): void {
  const bytes = readFileSync(file)
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.from([(bytes[offset] ?? 0) ^ change]), 0, 1, offset)
  closeSync(descriptor)
}

/** Those of the revisions that a record of the journal leads to: the last of them perhaps in part. */
function survivors(folder: string, lived: readonly Live[]): Live[] {
  const revisions = new Set(Array.from(readerOf(folder).records(), ({ record }) => record.revision))
  return lived.filter(({ revision }) => revisions.has(revision))
}

function fail(): never {
  throw new Error('nothing was restored')
}
