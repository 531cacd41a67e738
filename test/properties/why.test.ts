// The law of `why`: what it names, reading as little of a journal as it can, is what one finds who looks at the decision
// under every revision that ever was.

import { rm } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JournalReader } from '../../src/events/journal/reader.ts'
import { type Asked, decidedAt } from '../../src/explain/request-history.ts'
import { whyOf } from '../../src/explain/why.ts'
import { normalisePath } from '../../src/resources/path.ts'
import { JournaledWorld } from '../support/journal.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { allSteps, ASKED_HOSTS, ASKED_PATHS, tell } from './world.ts'

let temp: TempFolder
beforeAll(async () => {
  temp = await tempFolder('why-laws')
})
afterAll(() => temp.remove())

const requests = ASKED_HOSTS.flatMap((host) =>
  ASKED_PATHS.map(
    (asked): Asked => ({
      method: 'GET',
      host,
      path: normalisePath(asked),
      header: () => undefined,
    }),
  ),
)

/** What each request would have been told under each revision, from the whole state. */
function decisions(reader: JournalReader, requests: readonly Asked[], revisions: readonly number[]) {
  return revisions.map((revision) => {
    const moment = reader.at({ revision })
    if ('problem' in moment) throw new Error(moment.problem)
    return requests.map((request) => decidedAt(moment, request))
  })
}

test('the last change of a decision is found, whatever happened and however the journal is cut', async () => {
  let folders = 0
  let found = 0
  let unchanged = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(allSteps, { maxLength: 15 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 3, max: 30 }),
      fc.boolean(),
      fc.subarray(requests, { minLength: 4, maxLength: 4 }),
      async (runs, checkpointRecords, restore, asked) => {
        const folder = path.join(temp.path, String((folders += 1)))
        const revisions: number[] = []
        for (const history of runs) {
          const world = await JournaledWorld.open(folder, { checkpointRecords, restore })
          for (const batch of tell(history).batches) world.batch(batch)
          await world.stop()
          revisions.push(...world.lived.map(({ revision }) => revision))
        }
        const reader = JournalReader.open(folder)
        if ('problem' in reader) throw new Error(reader.problem)
        const lived = decisions(reader, asked, revisions)
        for (const [index, request] of asked.entries()) {
          for (const target of [revisions.length - 1, Math.floor(revisions.length / 2)]) {
            const report = whyOf(reader, request, revisions[target])
            if ('problem' in report) throw new Error(report.problem)
            const after = lived[target]?.[index]
            const turned = lived
              .slice(0, target)
              .findLastIndex((decided) => decided[index]?.signature !== after?.signature)
            const before = lived[turned]?.[index]?.view
            expect(report.after).toEqual({ ...after?.view, revision: revisions[turned + 1 || target] })
            expect(report.before).toEqual(before === undefined ? null : before)
            if (before === undefined) unchanged += 1
            else found += 1
            expect(report.event === null).toBe(before === undefined)
          }
        }
        expect(reader.damage).toEqual(new Set())
        await rm(folder, { recursive: true })
      },
    ),
    { numRuns: 40 },
  )
  expect(found).toBeGreaterThan(20)
  expect(unchanged).toBeGreaterThan(20)
})
