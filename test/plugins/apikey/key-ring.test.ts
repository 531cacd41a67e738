// What the key ring tells of ApiKeys, by the events that it emits; and its digest against one made another way.

import { createHmac, hkdfSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../../src/config/options.ts'
import type { ResourceEvent } from '../../../src/events/event.ts'
import { apply, type State } from '../../../src/events/state.ts'
import { digestKeyOf, KeyDigester } from '../../../src/plugins/apikey/key-digester.ts'
import { KeyRing } from '../../../src/plugins/apikey/key-ring.ts'
import { build } from '../../../src/snapshot/build.ts'
import { holderOf } from '../../../src/snapshot/key-table.ts'
import type { Snapshot } from '../../../src/snapshot/snapshot.ts'
import { type KeyPair, keyPair } from '../../support/api-keys.ts'
import { apiKey } from '../../support/manifests.ts'
import { deleted, stateOf, upserted } from '../../support/world.ts'
import { waitUntil } from '../../support/wait-until.ts'

let keys: KeyPair
beforeAll(async () => {
  keys = await keyPair()
})
afterAll(() => keys[Symbol.asyncDispose]())

const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** A ring with the fold and the build that a gateway has around it. */
class Workshop {
  readonly ring: KeyRing
  state: State = stateOf()
  snapshot: Snapshot = build(this.state, DEFAULT_OPTIONS)
  readonly told: ResourceEvent[] = []

  constructor(rememberedMax?: number) {
    this.ring = new KeyRing({
      file: keys.file,
      log: LOG,
      ...(rememberedMax !== undefined && { rememberedMax }),
    })
    this.take(this.ring.firstEvent())
    this.ring.start((event) => {
      this.told.push(event)
      this.take(event)
    })
  }

  take(event: ResourceEvent): void {
    this.state = apply(this.state, event)
    this.snapshot = build(this.state, DEFAULT_OPTIONS, this.snapshot)
    this.ring.published(this.snapshot, this.state)
  }

  holder(key: string): string | undefined {
    const { keys: table } = this.snapshot
    const found = holderOf(table, this.ring.digestOf(table.keyId, key) ?? '')
    return found === undefined ? undefined : `${found.apiKey}[${found.revision}]`
  }
}

describe('a key ring', () => {
  test('tells of each ApiKey once, however many revisions it has, and finds each key', async () => {
    const workshop = new Workshop()
    const builder = apiKey('many')
    for (let index = 0; index < 5; index += 1) builder.revision(keys.encrypted(`key${index}`))
    workshop.take(upserted(builder))
    await waitUntil(() => workshop.holder('key4') === 'many[4]', 'the last key')
    expect(workshop.told.map(({ type }) => type)).toEqual(['decrypted'])
    expect(workshop.holder('key0')).toBe('many[0]')
    expect(workshop.holder('key5')).toBe(undefined)
    expect(workshop.ring.health()).toEqual({ problem: undefined, drained: true })
    workshop.ring.stop()
  })

  test.each([1, 1000])(
    'remembers at most %i cipher texts, and what it forgot it decrypts again',
    async (most) => {
      const workshop = new Workshop(most)
      const both = upserted(apiKey('back').revision(keys.encrypted('one')).revision(keys.encrypted('two')))
      workshop.take(both)
      await waitUntil(() => workshop.holder('two') === 'back[1]', 'the keys')
      workshop.take(deleted(apiKey('back').revision('AAAA')))
      expect(workshop.holder('one')).toBe(undefined)
      workshop.take(both)
      await waitUntil(() => workshop.holder('one') === 'back[0]', 'the keys again')
      expect(workshop.holder('two')).toBe('back[1]')
      workshop.ring.stop()
    },
  )

  test('never tells a key, nor anything that holds one', async () => {
    const workshop = new Workshop()
    workshop.take(upserted(keys.apiKey('secret', 'nobodyMaySeeThis')))
    await waitUntil(() => workshop.holder('nobodyMaySeeThis') === 'secret[0]', 'the key')
    expect(JSON.stringify(workshop.told)).not.toContain('nobodyMaySeeThis')
    workshop.ring.stop()
  })

  test('knows no digest under a key that it never had', () => {
    const workshop = new Workshop()
    expect(workshop.ring.digestOf('0123456789abcdef', 'x')).toBe(undefined)
    workshop.ring.stop()
  })
})

describe('a digest', () => {
  test('is HMAC-SHA-256 under a key that HKDF derives from the private key', () => {
    const digester = new KeyDigester(digestKeyOf(keys.privateKey))
    const secret = keys.privateKey.export({ type: 'pkcs8', format: 'der' })
    const derived = Buffer.from(hkdfSync('sha256', secret, '', 'kanali api key digest v1', 32))
    for (const key of ['a', 'abcDEF123', 'x'.repeat(64), 'x'.repeat(1024), '\u00ff\u00e9']) {
      const expected = createHmac('sha256', derived).update(key, 'latin1').digest('base64url')
      expect(digester.digest(key)).toBe(expected)
    }
    expect(digester.digest('x'.repeat(1025))).toBe(undefined)
  })
})
