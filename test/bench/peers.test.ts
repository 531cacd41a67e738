// A peer that is not there is left out with a way to get it; Traefik is configured with telemetry where it has a sink.

import { chmod, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { PEERS } from './peers.ts'

afterEach(() => vi.unstubAllEnvs())

function command(
  name: string,
  folder: TempFolder,
  sinkUrl = '',
): ReturnType<(typeof PEERS)[number]['command']> {
  const peer = PEERS.find((each) => each.name === name)
  if (peer === undefined) throw new Error(`${name} is no peer`)
  return peer.command({ port: 1, upstreamPort: 2, folder, sinkUrl })
}

test.each([
  ['caddy', 'test/tools/caddy.sh'],
  ['traefik', 'test/tools/traefik.sh'],
  ['traefik-traced', 'test/tools/traefik.sh'],
])('%s is left out where it is not there, naming %s', async (name, script) => {
  await using folder = await tempFolder('peers')
  vi.stubEnv('PATH', folder.path)
  vi.stubEnv('KANALI_TOOLS', folder.path)
  expect(await command(name, folder)).toEqual({ missing: expect.stringContaining(script) })
})

test('Traefik traces, counts and logs every request where it has a sink, and nothing where it has none', async () => {
  await using folder = await tempFolder('peers')
  await chmod(await folder.write('traefik', '#!/bin/sh\n'), 0o755)
  vi.stubEnv('PATH', folder.path)
  const config = async (sinkUrl: string): Promise<Record<string, unknown>> => {
    const found = await command('traefik', folder, sinkUrl)
    if ('missing' in found) throw new Error(found.missing)
    expect(found.command[0]).toBe(path.join(folder.path, 'traefik'))
    expect(found.env).toEqual({ GOMAXPROCS: '1' })
    return JSON.parse(await readFile(found.command[1]?.replace('--configFile=', '') ?? '', 'utf8')) as Record<
      string,
      unknown
    >
  }
  expect(await config('http://127.0.0.1:3')).toMatchObject({
    tracing: { sampleRate: 1, otlp: { http: { endpoint: 'http://127.0.0.1:3/v1/traces' } } },
    metrics: { prometheus: {} },
    accessLog: { format: 'json' },
  })
  expect(Object.keys(await config(''))).toEqual(['global', 'log', 'entryPoints', 'providers'])
})
