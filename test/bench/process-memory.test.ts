// What the kernel says of the memory and limits of a process is read as it is meant.

import { expect, test } from 'vitest'
import { openFilesMax, parseOpenFilesMax, parseSmapsRollup, processMemory } from './process-memory.ts'

const ROLLUP = `55d0c0000000-7ffd1b3fe000 ---p 00000000 00:00 0                          [rollup]
Rss:               90804 kB
Pss:               61011 kB
Pss_Dirty:         40000 kB
Shared_Clean:      40000 kB
Shared_Dirty:          0 kB
Private_Clean:      4000 kB
Private_Dirty:     46804 kB
Swap:                  0 kB
`
const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96406                96406                processes
Max open files            20000                524288               files
`

test('resident and own memory are bytes of smaps_rollup', () => {
  expect(parseSmapsRollup(ROLLUP)).toEqual({
    rssBytes: 90_804 * 1024,
    pssBytes: 61_011 * 1024,
    ownBytes: 50_804 * 1024,
  })
  expect(() => parseSmapsRollup('Rss: 1 kB\n')).toThrow('no Pss')
})

test('the limit on open files is the soft one', () => {
  expect(parseOpenFilesMax(LIMITS)).toBe(20_000)
  expect(parseOpenFilesMax(LIMITS.replace('20000 ', 'unlimited '))).toBe(Number.POSITIVE_INFINITY)
  expect(() => parseOpenFilesMax('')).toThrow('no line on open files')
})

test.runIf(process.platform === 'linux')('a running process can be asked', () => {
  const { rssBytes, ownBytes } = processMemory(process.pid)
  expect(rssBytes).toBeGreaterThanOrEqual(ownBytes)
  expect(ownBytes).toBeGreaterThan(1024 * 1024)
  expect(openFilesMax('self')).toBeGreaterThan(0)
})
