import { expect, test } from 'vitest'
import { CpuProfiler } from '../../src/admin/cpu-profiler.ts'

const NEVER = new AbortController().signal

test('a profile has the nodes and times of a .cpuprofile file', async () => {
  const result = await new CpuProfiler().take(20, NEVER)
  expect(result.type).toBe('profile')
  if (result.type !== 'profile') return
  expect(result.profile.nodes[0]?.callFrame.functionName).toBe('(root)')
  expect(result.profile.endTime).toBeGreaterThan(result.profile.startTime)
})

test('while one is being taken another is refused, and afterwards taken', async () => {
  const profiler = new CpuProfiler()
  const controller = new AbortController()
  const first = profiler.take(60_000, controller.signal)
  expect(await profiler.take(1, NEVER)).toEqual({ type: 'busy' })
  controller.abort()
  expect(await first).toEqual({ type: 'aborted' })
  expect((await profiler.take(1, NEVER)).type).toBe('profile')
})

test('a caller who has left already costs nothing', async () => {
  expect(await new CpuProfiler().take(60_000, AbortSignal.abort())).toEqual({ type: 'aborted' })
})
