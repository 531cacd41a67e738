// What is known of api keys and key sets across a journal: it comes back from checkpoints and records as it was, and a
// start under the same private key goes on with what was decrypted; under another one nothing of it is trusted.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../src/events/event.ts'
import { openJournal } from '../src/events/journal/journal.ts'
import { JournalReader } from '../src/events/journal/reader.ts'
import { applyAll } from '../src/events/state.ts'
import { fromJournal } from '../src/open-journal.ts'
import { KINDS } from '../src/resources/resource.ts'
import { JournaledWorld, journalOptions } from './support/journal.ts'
import { LogLines } from './support/log-lines.ts'
import { tempFolder, type TempFolder } from './support/temp-folder.ts'
import { listed } from './support/world.ts'

const DIGESTS = { alice: { c1: 'd1', c2: null } }
const FACT = { status: 'loaded', hash: 'h', keys: 2 } as const

let folder: TempFolder
beforeEach(async () => {
  folder = await tempFolder('open-journal')
})
afterEach(() => folder.remove())

function keyEvent(keyId: string, digests = {}): ResourceEvent {
  const key = { status: 'loaded', keyId, detail: '' } as const
  return { type: 'decryption_key', source: 'keys', observedAt: 1, key, digests }
}

async function lived(checkpointRecords: number): Promise<JournaledWorld> {
  const world = await JournaledWorld.open(folder.path, { checkpointRecords })
  world.batch([...KINDS.map((kind) => listed(kind)), keyEvent('k1')])
  world.batch([keyEvent('k1', DIGESTS)])
  world.batch([
    { type: 'key_set', source: 'keys', observedAt: 1, url: 'https://issuer.test/keys', fact: FACT },
  ])
  await world.stop()
  return world
}

describe('what is known of keys', () => {
  test.each([1, 1000])('is replayed as it was, with a checkpoint every %d records', async (records) => {
    const { state } = await lived(records)
    const reader = JournalReader.open(folder.path)
    if ('problem' in reader) throw new Error(reader.problem)
    const end = reader.at('end')
    if ('problem' in end) throw new Error(end.problem)
    expect(end.state.decryption.digests.toJS()).toEqual(DIGESTS)
    expect(end.state.decryption).toEqual(state.decryption)
    expect(end.state.keySets.toJS()).toEqual({ 'https://issuer.test/keys': FACT })
  })

  test.each([
    ['k1', DIGESTS],
    ['k2', {}],
  ])('after a start under the private key %s', async (keyId, digests) => {
    await lived(1000)
    const journal = await openJournal(journalOptions(folder.path, new LogLines()))
    if ('problem' in journal) throw new Error(journal.problem)
    const { restored, initial } = fromJournal(journal, [keyEvent(keyId)])
    if (restored === undefined) throw new Error('nothing was restored')
    const { decryption } = applyAll(restored, initial ?? [])
    expect(decryption.key.keyId).toBe(keyId)
    expect(decryption.digests.toJS()).toEqual(digests)
    await journal.stop()
  })
})
