// A reflector on a scripted API server: what it was told, and what it said. It waits for nothing between attempts.

import { expect, onTestFinished } from 'vitest'
import { ApiClient } from '../../src/kube/api-client.ts'
import { Reflector, type ReflectorTiming } from '../../src/kube/reflector.ts'
import { type FakeApiServer, startFakeApiServer, type Step } from './fake-api-server.ts'
import { waitUntil } from './wait-until.ts'

const FAST: Partial<ReflectorTiming> = { backoff: { leastMs: 1, mostMs: 5 }, proveMs: 1 }

/** What was told, in words: `listed a b`, `upserted a`, `deleted a`, `refused 403: said`. */
export interface Watched {
  readonly server: FakeApiServer
  readonly reflector: Reflector<string>
  readonly told: string[]
  readonly log: string[]
  /** Resolves once exactly this was told. */
  readonly until: (...told: string[]) => Promise<void>
}

/** Watches what the steps serve, until the test has ended. */
export async function watch(steps: Step[], timing: Partial<ReflectorTiming> = {}): Promise<Watched> {
  const server = await startFakeApiServer(...steps)
  const client = new ApiClient({
    server: server.url,
    namespace: undefined,
    credentials: () => Promise.resolve({ headers: {}, tls: {} }),
    renew: () => undefined,
  })
  const told: string[] = []
  const log: string[] = []
  const say = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`)
  const reflector = new Reflector<string>({
    client,
    path: '/api/v1/services',
    read: ({ metadata }) => (metadata as { name: string }).name,
    listener: {
      listed: (names) => void told.push(['listed', ...names].join(' ')),
      upserted: (name) => void told.push(`upserted ${name}`),
      deleted: (name) => void told.push(`deleted ${name}`),
      refused: (detail) => void told.push(`refused ${detail}`),
    },
    log: { info: say, warn: say },
    timing: { ...FAST, ...timing },
  })
  reflector.start()
  onTestFinished(async () => {
    reflector.stop()
    await client.close()
    await server[Symbol.asyncDispose]()
  })
  const until = async (...expected: string[]) => {
    await waitUntil(
      () => told.length >= expected.length,
      () => `${expected.join(', ')}; told: ${told.join(', ')}`,
    )
    expect(told).toEqual(expected)
  }
  return { server, reflector, told, log, until }
}
