// A profile becomes microseconds a request, of the CPU time that there was, by function and by part.

import { describe, expect, test } from 'vitest'
import { type CpuProfile, fold } from './profile-fold.ts'
import { partOf } from './profile-parts.ts'

const FRAMES = [
  ['(idle)', '', -1],
  ['forward', 'file:///kanali/src/proxy/forward.ts', 9],
  ['', 'file:///kanali/src/proxy/forward.ts', 19],
  ['writeLatin1String', '', -1],
  ['dispatch', 'file:///kanali/node_modules/undici/lib/pool.js', 4],
  ['(program)', '', -1],
] as const

function profileOf(samples: readonly number[], timeDeltas = samples.map(() => 200)): CpuProfile {
  const nodes = FRAMES.map(([functionName, url, lineNumber], id) => ({
    id,
    callFrame: { functionName, url, lineNumber },
  }))
  return { nodes, samples, timeDeltas }
}

describe('a profile', () => {
  test('shares the CPU time a request out over the busy samples, and leaves idle ones out', () => {
    const folded = fold(profileOf([0, 0, 1, 1, 3, 5]), { requests: 10, cpuMicroseconds: 40, root: '/kanali' })
    expect(folded).toMatchObject({ samples: 6, idleShare: 1 / 3, wallMicroseconds: 80 })
    expect(folded.functions.map(({ name, place, microseconds }) => [name, place, microseconds])).toEqual([
      ['forward', 'src/proxy/forward.ts:10', 20],
      ['writeLatin1String', '', 10],
      ['(program)', '', 10],
    ])
  })

  test('counts a long time between two samples once: somebody else had the core', () => {
    const folded = fold(profileOf([1, 3], [200, 9_800]), {
      requests: 1,
      cpuMicroseconds: 40,
      root: '/kanali',
    })
    expect(folded.functions.map(({ microseconds }) => microseconds)).toEqual([20, 20])
    expect(folded.wallMicroseconds).toBe(10_000)
  })

  test('adds functions up by part, the most first, to the CPU time', () => {
    const { parts } = fold(profileOf([1, 2, 3, 4, 4, 4]), {
      requests: 1,
      cpuMicroseconds: 60,
      root: '/kanali',
    })
    expect(parts).toEqual([
      { part: 'upstream transport', microseconds: 30 },
      { part: 'proxy', microseconds: 20 },
      { part: 'kernel: writes to sockets', microseconds: 10 },
    ])
  })

  test('of nothing is nothing', () => {
    expect(fold(profileOf([]), { requests: 0, cpuMicroseconds: 0, root: '/' })).toEqual({
      functions: [],
      parts: [],
      idleShare: 0,
      samples: 0,
      wallMicroseconds: 0,
    })
  })

  test.each([
    ['writev', '', 'kernel: writes to sockets'],
    ['parserOnIncoming', 'node:_http_server', 'node:http'],
    ['onStreamRead', 'node:internal/stream_base_commons', 'node:net, streams, events'],
    ['write', 'src/telemetry/server-span-bytes.ts', 'spans'],
    ['observe', 'src/telemetry/typed-histogram.ts', 'metrics'],
    ['line', 'src/telemetry/access-line.ts', 'access log'],
    ['record', 'src/telemetry/record.ts', 'record of the exchange'],
    ['match', 'src/snapshot/match.ts', 'routing'],
    ['decide', 'src/decide.ts', 'routing'],
    ['send', 'src/proxy/upstream/socket-lane.ts', 'upstream transport'],
    ['latin1Slice', '', 'native: strings, buffers, regular expressions'],
    ['main', 'src/cli/kanali.ts', 'the rest'],
    ['web', 'http-proxy-3/dist/index.js', 'other packages'],
  ])('puts %s of %j to: %s', (name, file, part) => {
    expect(partOf(name, file)).toBe(part)
  })
})
