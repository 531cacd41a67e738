// The bench from outside, as short as it can be: that it runs, not what it measures.

import path from 'node:path'
import { expect, test } from 'vitest'
import { runToEnd } from '../support/running-process.ts'
import { startUpstream } from '../support/upstream.ts'
import { answers } from '../support/upstream-scripts.ts'
import type { OpenLoopResult } from './open-loop.ts'

const node = (script: string, ...args: string[]): ReturnType<typeof runToEnd> =>
  runToEnd(process.execPath, [path.join(import.meta.dirname, script), ...args], { timeoutMs: 100_000 })

const SHORT_PROFILE = ['--profile', '--seconds', '1', '--warmup', '1', '--routes', '2', '--markdown']

test.runIf(process.platform === 'linux')(
  'npm run bench -- --profile shows parts and functions of the gateway in microseconds a request',
  async () => {
    const { stdout, stderr } = await node('run.ts', ...SHORT_PROFILE)
    expect(stdout, stderr).toMatch(/^kanali: \d+ requests, CPU [\d.]+ us a request/m)
    expect(stdout).toMatch(/^\| kernel: writes to sockets \| \d+\.\d\d \| \d+\.\d \|$/m)
    expect(stdout).toMatch(/^\| \S+ \(src\/proxy\/\S+\.ts:\d+\) \| \d+\.\d\d \| \d+\.\d \|$/m)
  },
  120_000,
)

test('what is not understood is answered with how it is called', async () => {
  const { exit, stderr } = await node('run.ts', '--only', 'nothing')
  expect(exit.code).toBe(2)
  expect(stderr).toContain('npm run bench -- --profile')
})

test('load at a fixed rate has every request answered that was due, and says so', async () => {
  await using upstream = await startUpstream(answers())
  const { stdout, stderr } = await node('open-loop-client.ts', String(upstream.port), '/', '400', '1', '1')
  const result = JSON.parse(stdout || stderr) as OpenLoopResult
  // It settles for a quarter of a run this short.
  expect(result.requests).toBeGreaterThan(250)
  expect(result).toMatchObject({ errors: 0 })
  expect(result.p50Ms).toBeGreaterThan(0)
  expect(result.maxMs).toBeGreaterThanOrEqual(result.p999Ms)
})

test('a target that cuts connections off costs errors, and the load goes on', async () => {
  await using upstream = await startUpstream(async (connection) => {
    await connection.readHead()
    connection.reset()
  })
  const { stdout, stderr } = await node('open-loop-client.ts', String(upstream.port), '/', '50', '1', '1')
  const result = JSON.parse(stdout || stderr) as OpenLoopResult
  expect(result.requests).toBeGreaterThan(20)
  expect(result.errors).toBe(result.requests)
})
