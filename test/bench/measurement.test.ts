// The figures of the bench come out of the reports as they should.

import { describe, expect, test, vi } from 'vitest'
import { cpuNanoseconds } from './cpu-time.ts'
import { parseWrk } from './load.ts'
import { aimsTable, median, minimum, table, type Measurement } from './measurement.ts'

const REPORT = `Running 1s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Latency Distribution
     50%    0.95ms
     75%    1.01ms
     90%    1.20ms
     99%    2.10s
  56497 requests in 1.10s, 15.20MB read
  Socket errors: connect 1, read 2, write 0, timeout 3
  Non-2xx or 3xx responses: 10
Requests/sec:  51361.00
`

function measurement(name: string, ...cpu: number[]): Measurement {
  const samples = cpu.map((cpuMicroseconds) => ({
    cpuMicroseconds,
    requestsPerSecond: 1000,
    p50Ms: 1,
    p99Ms: 2,
    errors: 1,
  }))
  return { name, samples }
}

describe('the bench', () => {
  test('reads the report of wrk', () => {
    expect(parseWrk(REPORT)).toEqual({ requests: 56497, errors: 16, seconds: 1.1, p50Ms: 0.95, p99Ms: 2100 })
  })

  test('gives minimum and median of a target', () => {
    expect([minimum(measurement('a', 30, 10, 20)), median(measurement('a', 30, 10, 20))]).toEqual([10, 20])
    expect(median(measurement('a', 10, 20))).toBe(15)
  })

  test('shows ratios to the reference, and a dash without one', () => {
    const both = table([measurement('peer', 50, 60), measurement('ours', 25, 30)], 'peer')
    expect(both).toMatch(/^ours +25\.0 +27\.5 +0\.50 +0\.50 +1000 +1\.00 +2\.00 +2$/m)
    expect(table([measurement('ours', 25)], 'peer')).toMatch(/^ours +25\.0 +25\.0 +- +-/m)
  })

  test('says where the gateway stands beside each aim whose peer was measured', () => {
    const aims = [
      { peer: 'caddy', aim: 0.45, stretch: 0.35 },
      { peer: 'nginx', aim: 3, stretch: 2.5 },
    ]
    const both = [measurement('caddy', 100, 120), measurement('ours', 50, 55, 90)]
    expect(aimsTable(both, 'ours', aims)).toMatch(/^ours \/ caddy +0\.50 +0\.50 +0\.45 +0\.35\n$/m)
    expect(aimsTable(both, 'ours', aims)).not.toContain('nginx')
    expect(aimsTable(both, 'theirs', aims)).toBeUndefined()
    expect(aimsTable([measurement('ours', 1)], 'ours', aims)).toBeUndefined()
  })

  test('gives its tables as Markdown too', () => {
    expect(
      table([measurement('a|b', 25)], 'peer', 'markdown')
        .split('\n')
        .slice(1),
    ).toEqual([
      '| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
      '| a\\|b | 25.0 | 25.0 | - | - | 1000 | 1.00 | 2.00 | 1 |',
      '',
    ])
  })

  test.runIf(process.platform === 'linux')('sees the CPU time that a process spends', async () => {
    const before = cpuNanoseconds(process.pid)
    await vi.waitFor(() => expect(cpuNanoseconds(process.pid)).toBeGreaterThan(before))
  })
})
