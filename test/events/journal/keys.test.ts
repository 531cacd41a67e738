// What is known of api keys and key sets in a journal: it comes back from checkpoints and records as it was.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../../src/events/event.ts'
import { JournalReader } from '../../../src/events/journal/reader.ts'
import { KINDS } from '../../../src/resources/resource.ts'
import { JournaledWorld } from '../../support/journal.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'
import { listed } from '../../support/world.ts'

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
})
