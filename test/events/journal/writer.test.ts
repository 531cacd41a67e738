// Who writes the journal: in order, in bounds, and whatever the disk does requests go on.

import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResourceEvent } from '../../../src/events/event.ts'
import { JournalReader } from '../../../src/events/journal/reader.ts'
import { SegmentFile } from '../../../src/events/journal/segment-file.ts'
import { type Entry, JournalWriter, type WriterOptions } from '../../../src/events/journal/writer.ts'
import { apply, type State } from '../../../src/events/state.ts'
import { BUILD_OPTIONS, hashOf } from '../../support/journal.ts'
import { LogLines } from '../../support/log-lines.ts'
import { apiProxy, service } from '../../support/manifests.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { listed, stateOf, upserted } from '../../support/world.ts'

let temp: TempFolder
let folder: string
let log: LogLines

beforeEach(async () => {
  temp = await tempFolder('journal-writer')
  folder = path.join(temp.path, 'journal')
  await mkdir(folder, { mode: 0o700 })
  log = new LogLines()
})
afterEach(() => temp.remove())

/** A disk that can be full: it takes nothing while `isFull`. */
class Disk {
  isFull = false
  /** While it is set nothing ends. */
  held: Promise<void> | undefined

  readonly create: typeof SegmentFile.create = async (...args) => {
    await this.held
    this.#refuse()
    const segment = await SegmentFile.create(...args)
    const write = segment.write.bind(segment)
    segment.write = async (text) => {
      await this.held
      this.#refuse()
      await write(text)
    }
    return segment
  }

  #refuse(): void {
    if (this.isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
}

async function writerWith(overrides: Partial<WriterOptions> = {}): Promise<JournalWriter> {
  const options: WriterOptions = {
    folder,
    buildOptions: BUILD_OPTIONS,
    version: '1',
    fsync: 'never',
    fsyncIntervalMs: 10,
    segmentBytes: 1024 ** 2,
    checkpointRecords: 1_000,
    bytesMax: 1024 ** 3,
    ageMaxMs: 3_600_000,
    retryMs: 5,
    log,
    ...overrides,
  }
  const writer = new JournalWriter(options, { seq: 0, revision: 1, observedAt: 0, state: stateOf() })
  await writer.open()
  return writer
}

/** Appends so many changes, each a revision of its own, and remembers the hash of each. */
class Feed {
  state: State = stateOf()
  revision = 0
  readonly hashes = new Map<number, string>()
  readonly #writer: JournalWriter

  constructor(writer: JournalWriter) {
    this.#writer = writer
  }

  append(count = 1): void {
    for (let index = 0; index < count; index += 1) {
      this.revision += 1
      const event = changeOf(this.revision)
      this.state = apply(this.state, event)
      const entry: Entry = { event, revision: this.revision, state: this.state, keys: ['some'] }
      this.#writer.append(entry)
      this.hashes.set(this.revision, hashOf(this.state))
    }
  }
}

/** What `Feed` has after so many changes. */
function stateAfter(revision: number): State {
  const changes = Array.from({ length: revision }, (_, index) => changeOf(index + 1))
  return changes.reduce(apply, stateOf())
}

function changeOf(revision: number): ResourceEvent {
  return upserted(
    apiProxy(`p${revision % 5}`)
      .at(`/v${revision}`)
      .toEndpoint('http://127.0.0.1:1'),
  )
}

function replayed(revision: number): string {
  const reader = JournalReader.open(folder)
  if ('problem' in reader) return reader.problem
  const moment = reader.at({ revision })
  return 'problem' in moment ? moment.problem : hashOf(moment.state)
}

const until = (
  writer: JournalWriter,
  condition: (stats: ReturnType<JournalWriter['stats']>) => boolean,
  what: string,
) =>
  waitUntil(
    () => condition(writer.stats()),
    () => `${what}; ${JSON.stringify(writer.stats())}`,
  )

describe('a journal', () => {
  test('is its owner’s alone', async () => {
    const writer = await writerWith()
    new Feed(writer).append(3)
    await writer.stop()
    for (const name of await readdir(folder)) {
      expect((await stat(path.join(folder, name))).mode & 0o777, name).toBe(0o600)
    }
  })

  test('stays within its size however much comes, and what is left can be read', async () => {
    const bytesMax = 1024 ** 2
    const writer = await writerWith({ bytesMax, segmentBytes: 128 * 1024 })
    const feed = new Feed(writer)
    let most = 0
    for (let round = 0; round < 200; round += 1) {
      feed.append(100)
      await until(writer, ({ queuedBytes }) => queuedBytes === 0, 'the queue is empty')
      most = Math.max(most, writer.stats().bytes)
    }
    await writer.stop()
    // The segment that is being written always stays.
    expect(most).toBeLessThanOrEqual(bytesMax + 256 * 1024)
    expect(writer.stats()).toMatchObject({ records: 20_000, dropped: 0 })
    expect(replayed(20_000)).toBe(feed.hashes.get(20_000))
    expect(replayed(1)).toMatch(/^revision 1 is not in the journal: it holds revisions \d+ to 20000, 20/)
  })

  test('loses segments whose newest record is too old', async () => {
    const writer = await writerWith({ ageMaxMs: 20, checkpointRecords: 10 })
    const feed = new Feed(writer)
    await waitUntil(() => {
      feed.append(10)
      return feed.revision > 500 && replayed(1).includes('is not in the journal')
    }, 'the first segment is gone')
    await writer.stop()
    expect(replayed(feed.revision)).toBe(feed.hashes.get(feed.revision))
  })

  test.each(['always', 'interval', 'never'] as const)('is written with fsync %s', async (fsync) => {
    const writer = await writerWith({ fsync })
    const feed = new Feed(writer)
    feed.append(5)
    await until(writer, ({ records }) => records === 5, 'five records')
    await writer.stop()
    expect(replayed(5)).toBe(feed.hashes.get(5))
  })
})

describe('a disk that is full', () => {
  test('costs records, which are counted and said once, and nothing else', async () => {
    const disk = new Disk()
    const told: (string | undefined)[] = []
    const writer = await writerWith({ create: disk.create, onFailing: (why) => told.push(why) })
    const feed = new Feed(writer)
    feed.append(3)
    await until(writer, ({ records }) => records === 3, 'three records')
    disk.isFull = true
    feed.append(4)
    await until(writer, ({ failing }) => failing === 'ENOSPC', 'the disk is full')
    feed.append(5)
    await until(writer, ({ dropped }) => dropped === 9, 'nine records are dropped')
    expect(log.messages('error')).toEqual(['the journal cannot be written: records are dropped'])

    disk.isFull = false
    await until(writer, ({ failing }) => failing === undefined, 'the disk takes something again')
    feed.append(2)
    await writer.stop()
    expect(writer.stats()).toMatchObject({ records: 5, dropped: 9, gaps: 1 })
    expect(told).toEqual(['ENOSPC', undefined])
    expect(log.messages('warn')).toEqual(['the journal is written again: records are missing in it'])
    expect(replayed(2)).toBe(feed.hashes.get(2))
    expect(replayed(8)).toBe(
      'revision 8 is not in the journal: records from revision 4 to 12 are missing (ENOSPC)',
    )
    for (const revision of [12, 13, 14]) expect(replayed(revision)).toBe(feed.hashes.get(revision))
  })

  test('from the start on begins the journal once it takes something', async () => {
    const disk = new Disk()
    disk.isFull = true
    const writer = await writerWith({ create: disk.create })
    const feed = new Feed(writer)
    feed.append(2)
    expect(writer.stats()).toMatchObject({ failing: 'ENOSPC', dropped: 2, records: 0 })
    disk.isFull = false
    await until(writer, ({ failing }) => failing === undefined, 'the disk takes something again')
    feed.append(1)
    await writer.stop()
    expect(replayed(3)).toBe(feed.hashes.get(3))
  })

  test('does not keep the program from ending', async () => {
    const disk = new Disk()
    const writer = await writerWith({ create: disk.create })
    disk.isFull = true
    new Feed(writer).append(2)
    await writer.stop()
    expect(writer.stats().dropped).toBe(2)
  })
})

describe('a disk that does not follow', () => {
  test('costs the records that find no place, and a checkpoint makes up for them', async () => {
    const disk = new Disk()
    const writer = await writerWith({ create: disk.create, queueBytesMax: 4_000 })
    const feed = new Feed(writer)
    const { promise, resolve } = Promise.withResolvers<void>()
    disk.held = promise
    feed.append(100)
    expect(writer.stats().queuedBytes).toBeLessThanOrEqual(4_000)
    const { dropped } = writer.stats()
    expect(dropped).toBeGreaterThan(0)
    disk.held = undefined
    resolve()
    await until(writer, ({ gaps }) => gaps === 1, 'the gap is closed')
    feed.append(1)
    await writer.stop()
    expect(writer.stats()).toMatchObject({ records: 101 - dropped, failing: undefined })
    expect(replayed(5)).toBe(feed.hashes.get(5))
    expect(replayed(90)).toContain('are missing (the disk does not follow)')
    expect(replayed(101)).toBe(feed.hashes.get(101))
  })
})

describe('a record that is too long', () => {
  test('is dropped, and a checkpoint holds what it changed', async () => {
    const writer = await writerWith({ lineBytesMax: 2_000 })
    const feed = new Feed(writer)
    feed.append(1)
    const event = listed(
      'Service',
      ...Array.from({ length: 50 }, (_, index) => service(`s${index}`).port(80)),
    )
    feed.state = apply(feed.state, event)
    writer.append({ event, revision: 2, state: feed.state, keys: [] })
    feed.revision = 2
    await until(writer, ({ gaps }) => gaps === 1, 'the gap is closed')
    feed.append(1)
    await writer.stop()
    expect(writer.stats()).toMatchObject({ dropped: 1, failing: undefined })
    expect(replayed(2)).toBe(hashOf(apply(stateAfter(1), event)))
    expect(replayed(3)).toBe(feed.hashes.get(3))
  })
})

describe('a folder', () => {
  test('that goes while it is written to is made up for when it is back', async () => {
    const writer = await writerWith({ checkpointRecords: 2 })
    const feed = new Feed(writer)
    feed.append(1)
    await until(writer, ({ records }) => records === 1, 'one record')
    await rm(folder, { recursive: true })
    feed.append(5)
    await until(writer, ({ failing }) => failing === 'ENOENT', 'the folder is missed')
    await mkdir(folder, { mode: 0o700 })
    await chmod(folder, 0o700)
    await until(writer, ({ failing }) => failing === undefined, 'the folder is there again')
    feed.append(1)
    await writer.stop()
    expect(replayed(7)).toBe(feed.hashes.get(7))
  })
})
