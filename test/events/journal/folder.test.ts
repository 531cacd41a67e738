// Whose the folder of a journal is: its owner's alone, one writer's at a time, whoever was killed in it before.

import { chmod, mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openJournal } from '../../../src/events/journal/journal.ts'
import { takeLock } from '../../../src/events/journal/lock.ts'
import { journalOptions } from '../../support/journal.ts'
import { LogLines } from '../../support/log-lines.ts'
import { RunningProcess } from '../../support/running-process.ts'
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts'

const CHILD = path.join(import.meta.dirname, 'lock-child.ts')
const FAST = { heartbeatMs: 20, watchMs: 300 }

let temp: TempFolder
let folder: string
let log: LogLines

beforeEach(async () => {
  temp = await tempFolder('journal-folder')
  folder = path.join(temp.path, 'a/journal')
  log = new LogLines()
})
afterEach(() => temp.remove())

async function open(at = folder): Promise<string> {
  const journal = await openJournal(journalOptions(at, log))
  if ('problem' in journal) return journal.problem
  const { failing } = journal.stats()
  await journal.stop()
  return failing ?? 'open'
}

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777

describe('the folder', () => {
  test('is made, with its parents, for its owner alone', async () => {
    expect(await open()).toBe('open')
    expect(await modeOf(folder)).toBe(0o700)
    expect(log.messages('warn')).toEqual([])
  })

  test('that is open to others is tightened, and that is said', async () => {
    await mkdir(folder, { recursive: true })
    await chmod(folder, 0o755)
    expect(await open()).toBe('open')
    expect(await modeOf(folder)).toBe(0o700)
    expect(log.lines).toContainEqual({
      level: 'warn',
      fields: { folder, mode: '755' },
      message: 'the folder of the journal was open to others: it has mode 700 now',
    })
  })

  test('that is a symbolic link, or no folder, is refused', async () => {
    await mkdir(path.join(temp.path, 'elsewhere'))
    await symlink(path.join(temp.path, 'elsewhere'), path.join(temp.path, 'link'))
    const file = await temp.write('file', '')
    expect(await open(path.join(temp.path, 'link'))).toMatch(
      /^events\.journal_dir: .* is no folder, or a symbolic link$/,
    )
    expect(await open(file)).toMatch(/is no folder/)
    expect(await open(path.join(file, 'below'))).toMatch(/is no folder/)
  })

  test('is never written through a link in it', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const victim = await temp.write('victim', 'mine')
    await symlink(victim, path.join(folder, '0000000000000001.journal.unfinished'))
    await symlink(victim, path.join(folder, '0000000000000001.journal'))
    expect(await open()).toBe('open')
    await symlink(victim, path.join(folder, 'lock'))
    const taken = await takeLock(folder, FAST)
    expect(taken).toHaveProperty('release')
    if ('release' in taken) await taken.release()
    expect(await readFile(victim, 'utf8')).toBe('mine')
  })

  test('keeps nothing of a segment that was not finished', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const half = path.join(folder, '0000000000000009.journal.unfinished')
    await writeFile(half, 'half a checkpoint')
    expect(await open()).toBe('open')
    await expect(stat(half)).rejects.toThrow('ENOENT')
  })
})

describe('the lock', () => {
  beforeEach(() => mkdir(folder, { recursive: true, mode: 0o700 }))

  test('is one gateway’s, and is given up at its end', async () => {
    const first = await openJournal(journalOptions(folder, log))
    expect(await open()).toBe(
      `events.journal_dir: ${folder} is written to by this very process: each gateway needs a folder of its own`,
    )
    if ('stop' in first) await first.stop()
    expect(await open()).toBe('open')
  })

  test('of another process holds while it lives, and not after a kill -9', async () => {
    const child = new RunningProcess(process.execPath, [CHILD, folder])
    await child.until(() => child.stdout.includes('locked'), 'the child has the lock')
    expect(await open()).toMatch(/ is written to by process \d+ since /)
    await child.stop('SIGKILL')
    expect(await open()).toBe('open')
  })

  test('of a process whose number another one has now does not hold', async () => {
    const lock = JSON.parse(await lockText()) as object
    await writeFile(path.join(folder, 'lock'), JSON.stringify({ ...lock, pid: process.ppid, began: '1' }))
    expect(await open()).toBe('open')
  })

  test('that is cut off or empty holds nobody', async () => {
    for (const text of ['', '{"pid":', 'null', '[]']) {
      await writeFile(path.join(folder, 'lock'), text)
      const taken = await takeLock(folder, FAST)
      expect(taken).toHaveProperty('release')
      if ('release' in taken) await taken.release()
    }
  })

  test('of another host holds while its heart beats', async () => {
    const file = path.join(folder, 'lock')
    const elsewhere = JSON.stringify({ pid: 1, place: 'other/host', began: '1', since: 'then' })
    await writeFile(file, elsewhere)
    const beat = setInterval(() => void utimes(file, new Date(), new Date()), FAST.heartbeatMs)
    const refused = await takeLock(folder, FAST)
    clearInterval(beat)
    expect(refused).toMatchObject({
      passing: false,
      problem: expect.stringContaining('a process elsewhere (other/host) since then'),
    })
    const taken = await takeLock(folder, FAST)
    expect(taken).toHaveProperty('release')
    if ('release' in taken) await taken.release()
  })
})

/** A lock as this process writes it. */
async function lockText(): Promise<string> {
  const lock = await takeLock(folder, FAST)
  const text = await readFile(path.join(folder, 'lock'), 'utf8')
  if ('release' in lock) await lock.release()
  return text
}
