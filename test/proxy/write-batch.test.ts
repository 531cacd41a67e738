// The writes of a turn: all at its end, in order, and none lost for the fault of another.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { WriteBatch } from '../../src/proxy/write-batch.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('writes go out at the end of the turn, in the order in which they came', async () => {
  const batch = new WriteBatch()
  const written: string[] = []
  batch.add({ writeNow: () => written.push('first') })
  batch.add({ writeNow: () => written.push('second') })
  await Promise.resolve()
  expect(written).toEqual([])
  await turn()
  expect(written).toEqual(['first', 'second'])
})

test('what is added by a write goes out at the end of the next turn', async () => {
  const batch = new WriteBatch()
  const written: string[] = []
  const later = { writeNow: () => written.push('later') }
  batch.add({
    writeNow: () => {
      batch.add(later)
      written.push('now')
    },
  })
  await turn()
  expect(written).toEqual(['now'])
  await turn()
  expect(written).toEqual(['now', 'later'])
})

test('a write that throws is seen by the process, and takes no other along', async () => {
  const module = JSON.stringify(new URL('../../src/proxy/write-batch.ts', import.meta.url).href)
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { WriteBatch } from ${module}
     process.on('uncaughtException', (error) => console.log('fault:', error.message))
     const batch = new WriteBatch()
     batch.add({ writeNow: () => console.log('first') })
     batch.add({ writeNow: () => { throw new Error('a bug') } })
     batch.add({ writeNow: () => console.log('third') })`,
  ])
  expect(stdout).toBe('first\nfault: a bug\nthird\n')
})
