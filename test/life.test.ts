import { EventEmitter } from 'node:events'
import path from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLife, type Life, type LifeInputs, type LifeStep } from '../src/life.ts'
import { LogLines } from './support/log-lines.ts'
import { RunningProcess } from './support/running-process.ts'

interface Stage {
  readonly life: Life
  readonly process: EventEmitter
  readonly log: LogLines
  /** Statuses that were exited with. */
  readonly exits: number[]
  readonly faults: () => number
  /** Resolves at the first exit. */
  readonly exited: Promise<number>
}

function stage(steps: readonly LifeStep[], set: Partial<LifeInputs> = {}): Stage {
  const process = new EventEmitter()
  const log = new LogLines()
  const exits: number[] = []
  const exited = Promise.withResolvers<number>()
  let faults = 0
  const life = createLife({
    log,
    steps,
    timeoutMs: 60_000,
    exit: (status) => {
      exits.push(status)
      exited.resolve(status)
    },
    onFault: () => {
      faults += 1
    },
    process,
    ...set,
  })
  return { life, process, log, exits, faults: () => faults, exited: exited.promise }
}

function refuse(): never {
  throw new Error('no log')
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a signal', () => {
  test.each(['SIGTERM', 'SIGINT'])('%s runs the steps one after another and exits with 0', async (signal) => {
    const done: string[] = []
    const slowly = Promise.withResolvers<void>()
    const { life, process, exited } = stage([
      {
        name: 'first',
        run: async () => {
          await slowly.promise
          done.push('first')
        },
      },
      { name: 'second', run: () => void done.push('second') },
    ])
    life.started()
    process.emit(signal, signal)
    expect(life.draining).toBe(true)
    expect(done).toEqual([])
    slowly.resolve()
    expect(await exited).toBe(0)
    expect(done).toEqual(['first', 'second'])
  })

  test('a second one exits at once with 1, after one line', () => {
    const { process, exits, log } = stage([{ name: 'hangs', run: () => new Promise(() => undefined) }])
    process.emit('SIGTERM', 'SIGTERM')
    expect(exits).toEqual([])
    process.emit('SIGINT', 'SIGINT')
    expect(exits).toEqual([1])
    expect(log.messages('warn')).toEqual(['Second signal: ending at once'])
  })

  test('and a call of stop drain once', async () => {
    let runs = 0
    const { life, process, exits } = stage([{ name: 'counts', run: () => void (runs += 1) }])
    const stopped = life.stop('test')
    expect(life.stop('again')).toBe(stopped)
    await stopped
    expect(runs).toBe(1)
    expect(exits).toEqual([0])
    expect(process.listenerCount('SIGTERM')).toBe(1)
  })
})

describe('a step', () => {
  test('that fails is logged, the others still run, and the exit status is 1', async () => {
    const done: string[] = []
    const { life, log, exits } = stage([
      { name: 'rejects', run: () => Promise.reject(new Error('no')) },
      {
        name: 'throws',
        run: () => {
          throw new Error('no')
        },
      },
      { name: 'flush', run: () => void done.push('flush') },
    ])
    await life.stop('test')
    expect(done).toEqual(['flush'])
    expect(exits).toEqual([1])
    expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { step: 'rejects' } },
      { fields: { step: 'throws' } },
    ])
  })

  test('is told when the time is over, and one that does as told makes a clean end', async () => {
    const { life, exits } = stage(
      [
        {
          name: 'drain',
          run: (signal) =>
            new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
        },
      ],
      { timeoutMs: 1 },
    )
    await life.stop('test')
    expect(exits).toEqual([0])
  })

  test('that hangs is left behind a moment after the time is over, and the last ones still get theirs', async () => {
    vi.useFakeTimers()
    const done: boolean[] = []
    const { life, log, exits } = stage(
      [
        { name: 'hangs', run: () => new Promise(() => undefined) },
        { name: 'flush', run: (signal) => void done.push(signal.aborted) },
        { name: 'hangs too', run: () => new Promise(() => undefined) },
      ],
      { timeoutMs: 30_000 },
    )
    const stopped = life.stop('test')
    await vi.advanceTimersByTimeAsync(30_999)
    expect(done).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(done).toEqual([true])
    await vi.advanceTimersByTimeAsync(1_000)
    await stopped
    expect(exits).toEqual([1])
    expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { step: 'hangs', problem: 'did not end in time' } },
      { fields: { step: 'hangs too', problem: 'did not end in time' } },
    ])
  })
})

describe('an exception that nobody caught', () => {
  test.each(['uncaughtException', 'unhandledRejection'])('%s is logged, counted and survived', (event) => {
    const { life, process, log, exits, faults } = stage([])
    life.started()
    const err = new Error('bug')
    process.emit(event, err)
    process.emit(event, 'a string')
    expect(exits).toEqual([])
    expect(faults()).toBe(2)
    expect(log.lines).toMatchObject([
      { level: 'error', fields: { err, event } },
      { level: 'error', fields: { err: expect.any(Error), event } },
    ])
  })

  test('before the start is complete ends the process with 1', () => {
    const { process, exits, log } = stage([])
    process.emit('uncaughtException', new Error('bug'))
    expect(exits).toEqual([1])
    expect(log.messages('error')).toHaveLength(1)
  })

  test('during the drain does not end it early', () => {
    const { process, exits, faults } = stage([{ name: 'hangs', run: () => new Promise(() => undefined) }])
    process.emit('SIGTERM', 'SIGTERM')
    process.emit('uncaughtException', new Error('bug'))
    expect(exits).toEqual([])
    expect(faults()).toBe(1)
  })

  test('of a log whose reader has gone is counted but not logged again', () => {
    const { life, process, log, faults } = stage([])
    life.started()
    process.emit('uncaughtException', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    expect(log.lines).toEqual([])
    expect(faults()).toBe(1)
  })

  test('is survived even where the log or the counter throws', () => {
    const { life, process, exits } = stage([], {
      log: { info: refuse, warn: refuse, error: refuse },
      onFault: refuse,
    })
    life.started()
    process.emit('uncaughtException', new Error('bug'))
    expect(exits).toEqual([])
  })
})

test('detached, it no longer listens', () => {
  const { life, process } = stage([])
  life.detach()
  expect(process.eventNames()).toEqual([])
})

describe('in a real process', () => {
  const LIFE = path.join(import.meta.dirname, '../src/life.ts')
  const program = (rest: string) => `
    import { createLife } from ${JSON.stringify(LIFE)}
    const print = (fields: object, message: string) => console.log(message)
    const life = createLife({
      log: { info: print, warn: print, error: print },
      steps: [{ name: 'wait', run: () => new Promise((resolve) => process.once('SIGUSR2', () => resolve())) }],
      timeoutMs: 60_000,
      exit: (status) => process.exit(status),
      onFault: () => console.log('counted'),
      process,
    })
    ${rest}
    setInterval(() => undefined, 60_000)
    console.log('up')
  `
  const run = (rest: string) =>
    new RunningProcess(process.execPath, ['--input-type=module-typescript', '--eval', program(rest)])

  test('it survives an exception and a rejection, drains on SIGTERM and exits with 0', async () => {
    await using child = run(`
      life.started()
      setImmediate(() => { throw new Error('bug') })
      void Promise.reject(new Error('bug'))
    `)
    await child.until(() => child.stdout.split('counted').length === 3, 'both faults to be counted')
    child.kill('SIGTERM')
    await child.until(() => child.stdout.includes('Shutting down'), 'the drain to begin')
    child.kill('SIGUSR2')
    expect(await child.exited).toEqual({ code: 0, signal: null })
  })

  test('a second signal ends it at once with 1', async () => {
    await using child = run('life.started()')
    await child.until(() => child.stdout.includes('up'), 'the start')
    child.kill('SIGTERM')
    await child.until(() => child.stdout.includes('Shutting down'), 'the drain to begin')
    child.kill('SIGTERM')
    expect(await child.exited).toEqual({ code: 1, signal: null })
    expect(child.stdout).toContain('Second signal')
  })

  test('an exception at its start ends it with 1', async () => {
    await using child = run('throw new Error("bug at the start")')
    expect(await child.exited).toEqual({ code: 1, signal: null })
    expect(child.stdout).toContain('An exception was caught by nobody')
  })
})
