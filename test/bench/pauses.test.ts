// A running Node process is looked into from outside: its memory, and the pauses of its garbage collector.

import { describe, expect, test } from 'vitest'
import { RunningProcess } from '../support/running-process.ts'
import { Inspected, inspectorPlace } from './inspected.ts'
import { observe, observed, summaries } from './pauses.ts'

describe('a process that is inspected', () => {
  test('tells its memory and its pauses, and can be opened again', async () => {
    const place = await inspectorPlace()
    const program =
      'console.log("runs"); globalThis.kept = Buffer.alloc(8 << 20); setInterval(() => undefined, 1000)'
    await using running = new RunningProcess(process.execPath, ['-e', program], { env: place.env })
    // A signal that comes before Node has its handlers would end it.
    await running.until(() => running.stdout.includes('runs'), 'it runs')
    for (let time = 0; time < 2; time++) {
      await using inspected = await Inspected.open(running.pid, place.port)
      await observe(inspected)
      const { heapUsed, external } = await inspected.memoryAfterGc()
      expect(heapUsed).toBeGreaterThan(1_000_000)
      expect(external).toBeGreaterThan(8 << 20)
      const { pauses, loopMaxMs } = await observed(inspected)
      expect(pauses.map(([kind]) => kind)).toContain('major')
      expect(loopMaxMs).toBeGreaterThanOrEqual(0)
    }
    expect(running.exit).toBeUndefined()
  })

  test('says what went wrong in it', async () => {
    const place = await inspectorPlace()
    const program = 'console.log("runs"); setInterval(() => undefined, 1000)'
    await using running = new RunningProcess(process.execPath, ['-e', program], { env: place.env })
    await running.until(() => running.stdout.includes('runs'), 'it runs')
    await using inspected = await Inspected.open(running.pid, place.port)
    await expect(inspected.evaluate('nothing.there')).rejects.toThrow('nothing is not defined')
    await expect(inspected.send('No.such')).rejects.toThrow("No.such: 'No.such' wasn't found")
  })
})

test('pauses are summed up by kind, the longest sum first', () => {
  const pauses = [
    ['minor', 1],
    ['minor', 3],
    ['major', 10],
    ['minor', 2],
  ] as const
  expect(summaries(pauses)).toEqual([
    { kind: 'major', count: 1, p50Ms: 10, p99Ms: 10, maxMs: 10, sumMs: 10 },
    { kind: 'minor', count: 3, p50Ms: 2, p99Ms: 3, maxMs: 3, sumMs: 6 },
  ])
})
