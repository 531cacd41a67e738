// What api keys cost at 100, 10,000 and 100,000 of them: the guard's verdict on a known and on an unknown key, and one
// ApiKey that arrives with what was decrypted of it. Run by `npm run bench`. Compare ratios.

import { generateKeyPairSync } from 'node:crypto'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import type { KeyDigests, ResourceEvent } from '../../src/events/event.ts'
import { apply, EMPTY_STATE } from '../../src/events/state.ts'
import { settle } from '../../src/events/touched.ts'
import { digestKeyOf, KeyDigester } from '../../src/plugins/apikey/key-digester.ts'
import { judgeKey, type KeyRequest } from '../../src/plugins/apikey/verdict.ts'
import { type ApiKey, KINDS } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import type { ApiKeyGuard } from '../../src/snapshot/compile-api-key-guard.ts'
import { compileBinding } from '../../src/snapshot/compile-binding.ts'
import { cipherId } from '../../src/snapshot/key-table.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { metaOf } from '../support/records.ts'

const SIZES = [100, 10_000, 100_000] as const
const VERDICTS = 200_000
const EVENTS = 2_000
const ORIGIN = { source: 'bench', observedAt: 0 } as const

/** Prints a table to standard output. */
export function benchKeys(): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const digester = new KeyDigester(digestKeyOf(privateKey))
  say(['api keys', 'build all', 'known key', 'unknown key', 'one ApiKey and its digest'])
  for (const size of SIZES) benchSize(size, digester)
}

function benchSize(size: number, digester: KeyDigester): void {
  const all = Array.from({ length: size }, (_, index) => index)
  const digests: Record<string, KeyDigests> = {}
  for (const index of all) digests[nameOf(index)] = digestsOf(index, digester)
  const key = { status: 'loaded', keyId: digester.keyId, detail: '' } as const
  const events: ResourceEvent[] = KINDS.map((kind) => ({
    source: 'bench',
    observedAt: 0,
    type: 'listed',
    kind,
    resources: kind === 'ApiKey' ? all.map(apiKeyOf) : [],
  }))
  const state = settle([...events, decryptionKey(key, digests)].reduce(apply, EMPTY_STATE))
  const started = performance.now()
  const snapshot = build(state, DEFAULT_OPTIONS)
  const buildMs = performance.now() - started
  const known = verdictNs(snapshot, size, digester, (at) => keyOfIndex((at * 7919) % size))
  const unknown = verdictNs(snapshot, size, digester, (at) => `unknown${at}`)
  let current = { state, snapshot }
  const before = performance.now()
  for (let at = 0; at < EVENTS; at += 1) {
    const index = size + at
    const arrived: ResourceEvent = { ...ORIGIN, type: 'upserted', resource: apiKeyOf(index) }
    const decrypted: ResourceEvent = {
      ...ORIGIN,
      type: 'decrypted',
      keyId: digester.keyId,
      apiKey: nameOf(index),
      digests: digestsOf(index, digester),
    }
    const next = [arrived, decrypted].reduce(apply, current.state)
    current = { snapshot: build(next, DEFAULT_OPTIONS, current.snapshot), state: settle(next) }
  }
  const eventUs = ((performance.now() - before) / EVENTS) * 1000
  say([
    String(size),
    `${buildMs.toFixed(0)} ms`,
    `${known.toFixed(0)} ns`,
    `${unknown.toFixed(0)} ns`,
    `${eventUs.toFixed(1)} us`,
  ])
}

function verdictNs(
  snapshot: Snapshot,
  size: number,
  digester: KeyDigester,
  keyAt: (at: number) => string,
): number {
  const defaultRule = { global: false, verbs: ['GET'] }
  const names = Array.from({ length: size }, (_, index) => nameOf(index))
  const { grants } = compileBinding({
    kind: 'ApiKeyBinding',
    meta: metaOf('bench', 'bench'),
    keys: names.map((name) => ({ name, defaultRule, subpaths: [] })),
  })
  const guard: ApiKeyGuard = { type: 'apikey', binding: 'bench/bench', scope: 'bench/bench', grants }
  const requests = Array.from(
    { length: VERDICTS },
    (_, at): KeyRequest => ({
      method: 'GET',
      targetPath: '/',
      presented: [keyAt(at)],
      digestOf: (_id, presented) => digester.digest(presented),
    }),
  )
  const started = performance.now()
  for (const request of requests) judgeKey(guard, snapshot.keys, request)
  return ((performance.now() - started) / VERDICTS) * 1e6
}

function decryptionKey(
  key: Extract<ResourceEvent, { type: 'decryption_key' }>['key'],
  digests: Readonly<Record<string, KeyDigests>>,
): ResourceEvent {
  return { ...ORIGIN, type: 'decryption_key', key, digests }
}

function apiKeyOf(index: number): ApiKey {
  return {
    kind: 'ApiKey',
    meta: metaOf('', nameOf(index)),
    revisions: [{ data: dataOf(index), status: 'Active' }],
  }
}

function digestsOf(index: number, digester: KeyDigester): KeyDigests {
  return { [cipherId(dataOf(index))]: digester.digest(keyOfIndex(index)) ?? null }
}

const nameOf = (index: number): string => `partner-${index}`
const dataOf = (index: number): string => `cipher${index}`
const keyOfIndex = (index: number): string => `key${index}of32charactersOrSoForAll0`

function say(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(28)).join('')}\n`)
}
