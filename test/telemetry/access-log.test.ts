// The access log into real pipes and files: every byte of what is taken comes out in order, what is lost is counted, and
// nothing is written while a request waits.

import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AccessLog,
  type AccessLogOutput,
  PIECE_BYTES,
  WAITING_BYTES_MAX,
} from '../../src/telemetry/access-log.ts'
import { FileOutput } from '../../src/telemetry/standard-output.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const LINE = `{"path":"/${'x'.repeat(400)}"}\n`

function logTo(output: AccessLogOutput): { log: AccessLog; dropped: () => number } {
  let lines = 0
  const log = new AccessLog({ output, onDropped: (count) => (lines += count) })
  return { log, dropped: () => lines }
}

/** An output that keeps what it gets, and says that it has written it when it is told to. */
class HeldOutput implements AccessLogOutput {
  readonly chunks: Buffer[] = []
  readonly #held: ((error?: Error | null) => void)[] = []

  write(chunk: Buffer, done: (error?: Error | null) => void): void {
    this.chunks.push(Buffer.from(chunk))
    this.#held.push(done)
  }

  on(): void {
    // It never breaks.
  }

  release(error?: Error): void {
    for (const done of this.#held.splice(0)) done(error)
  }
}

/** A pipe of the system: what is written to `output` can be read from `read`. */
function openPipe(folder: string) {
  const file = path.join(folder, 'pipe')
  const made = spawnSync('sh', ['-c', 'mkfifo "$0"', file])
  if (made.status !== 0) throw new Error(`mkfifo: ${String(made.stderr)}`)
  const read = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  // As Node opens standard output where it is a pipe.
  const output = new Socket({ fd: openSync(file, constants.O_WRONLY), readable: false, writable: true })
  return { read, output }
}

/** What the pipe holds now. */
function drained(fd: number): string {
  const bytes = Buffer.alloc(256 * 1024)
  let text = ''
  for (;;) {
    try {
      const count = readSync(fd, bytes)
      if (count === 0) return text
      text += bytes.toString('latin1', 0, count)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text
      throw error
    }
  }
}

describe('the access log', () => {
  test('gives on every byte of every line, whatever it holds and however long it is', async () => {
    const unit = fc.nat(0xffff).map((each) => String.fromCharCode(each))
    const text = fc.oneof(
      { weight: 8, arbitrary: fc.string({ unit, maxLength: 300 }) },
      { weight: 1, arbitrary: fc.constantFrom(1, 7, 8).map((part) => 'é'.repeat((PIECE_BYTES * part) / 8)) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 30 }), async (texts) => {
        const output = new HeldOutput()
        const { log, dropped } = logTo(output)
        for (const each of texts) log.write(`${each}\n`)
        log.flush()
        output.release()
        await log.stop(1000)
        expect(Buffer.concat(output.chunks)).toEqual(Buffer.from(texts.map((each) => `${each}\n`).join('')))
        expect(dropped()).toBe(0)
      }),
    )
  })

  test('writes nothing while the one who adds a line waits', async () => {
    const output = new HeldOutput()
    const { log } = logTo(output)
    for (let bytes = 0; bytes < 3 * PIECE_BYTES; bytes += LINE.length) log.write(LINE)
    expect(output.chunks).toEqual([])
    await new Promise((resolve) => setImmediate(resolve))
    expect(output.chunks.length).toBeGreaterThan(0)
    log.flush()
    output.release()
    await log.stop(1000)
  })

  test('does not touch a piece again before it is written', async () => {
    const given: { piece: Buffer; copy: Buffer; done: () => void }[] = []
    const { log } = logTo({
      write: (piece, done) => given.push({ piece, copy: Buffer.from(piece), done }),
      on: () => undefined,
    })
    for (let round = 0; round < 20; round++) {
      for (let bytes = 0; bytes < 2 * PIECE_BYTES; bytes += LINE.length) log.write(`${round}${LINE}`)
      await new Promise((resolve) => setImmediate(resolve))
      // All but the latest are written in the end; each is as it was given.
      for (const { piece, copy, done } of given.splice(0, given.length - 1)) {
        expect(piece.equals(copy)).toBe(true)
        done()
      }
    }
    for (const { done } of given.splice(0)) done()
    const stopped = log.stop(1000)
    for (const { done } of given.splice(0)) done()
    await stopped
  })

  test('into a pipe whose reader stalls drops and counts, and goes on when it reads again', async () => {
    await using folder = await tempFolder('pipe')
    const { read, output } = openPipe(folder.path)
    const { log, dropped } = logTo(output)
    let written = 0
    const add = async (): Promise<boolean> => {
      for (let count = 0; count < 1000; count++) log.write(`${written++} ${LINE}`)
      await new Promise((resolve) => setImmediate(resolve))
      return dropped() > 0
    }
    await waitUntil(add, 'lines are dropped', { everyMs: 1 })
    const held = (written - dropped()) * LINE.length
    // What waits here, and what the pipe itself holds.
    expect(held).toBeLessThan(WAITING_BYTES_MAX + 256 * 1024)
    let got = ''
    const lines = () => got.split('\n').slice(0, -1)
    await waitUntil(() => {
      got += drained(read)
      return lines().length === written - dropped()
    }, 'all that was taken')
    const lost = dropped()
    log.write(`last ${LINE}`)
    const stopped = log.stop(5000)
    await waitUntil(() => {
      got += drained(read)
      return lines().at(-1)?.startsWith('last ')
    }, 'a line after the stall')
    await stopped
    expect(dropped()).toBe(lost)
    const numbers = lines()
      .slice(0, -1)
      .map((line) => Number(line.split(' ', 1)[0]))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(new Set(numbers).size).toBe(numbers.length)
    output.destroy()
    closeSync(read)
  })

  test('into a pipe whose reader has gone counts every line', async () => {
    await using folder = await tempFolder('pipe')
    const { read, output } = openPipe(folder.path)
    const { log, dropped } = logTo(output)
    closeSync(read)
    log.write(LINE)
    log.flush()
    await waitUntil(() => dropped() === 1, 'the line that met nobody is counted')
    log.write(LINE)
    await log.stop(1000)
    expect(dropped()).toBe(2)
  })
})

describe('a file as its output', () => {
  test('has every line in order once the log has stopped', async () => {
    await using folder = await tempFolder('log')
    const file = path.join(folder.path, 'access.log')
    const fd = openSync(file, 'a')
    const { log, dropped } = logTo(new FileOutput(fd))
    let expected = ''
    for (let count = 0; count < 5000; count++) {
      log.write(`${count} ${LINE}`)
      expected += `${count} ${LINE}`
    }
    await log.stop(10_000)
    closeSync(fd)
    expect(dropped()).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(expected)
  })

  test('on a disk that is full costs the lines, which are counted, and later ones are tried again', async () => {
    const fd = openSync('/dev/full', 'w')
    const { log, dropped } = logTo(new FileOutput(fd))
    for (const count of [1, 2]) {
      log.write(LINE)
      log.flush()
      await waitUntil(() => dropped() === count, 'the line is counted')
    }
    await log.stop(1000)
    closeSync(fd)
    expect(dropped()).toBe(2)
  })
})
