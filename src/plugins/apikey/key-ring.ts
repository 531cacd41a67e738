// The gateway's private key and what it opens: decrypts the revisions of ApiKeys as they arrive, off the event loop, and
// tells as events what became of each. Clear keys are never kept; of a former private key, what digests are made with
// stays, for requests that run under a snapshot of its time.

import type { KeyObject } from 'node:crypto'
import type { DecryptionKeyFact, KeyDigests, ResourceEvent } from '../../events/event.ts'
import type { State } from '../../events/state.ts'
import { type ApiKey, isInvalid, keyOf } from '../../resources/resource.ts'
import { digestsOf } from '../../snapshot/key-draft.ts'
import { cipherId } from '../../snapshot/key-table.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import type { PluginLog } from '../plugin-log.ts'
import { KeyDecrypter } from './key-cipher.ts'
import { type DigestKey, digestKeyOf, KeyDigester } from './key-digester.ts'
import { KeyFile, type ReadKey } from './key-file.ts'

export interface KeyRingParts {
  /** `plugins.apiKey.decryption_key_file`. */
  readonly file: string | undefined
  readonly log: PluginLog
  /** Cipher texts that are remembered: an ApiKey that comes back is not decrypted again. */
  readonly rememberedMax?: number
}

/** What readiness says of keys. */
export interface KeyRingHealth {
  /** One line on the key file, where it cannot be used now. */
  readonly problem: string | undefined
  /** Everything that was there at the start has been decrypted. */
  readonly drained: boolean
}

type Take = (event: ResourceEvent) => void
type Digests = Record<string, string | null>

/** At once: half of what libuv runs beside the event loop, so that look-ups of names and files get on. */
const AT_ONCE = 2
const REMEMBERED_MAX = 200_000
const SOURCE = 'keys'

/** One private key in use. */
interface Opened {
  readonly digestKey: DigestKey
  readonly digester: KeyDigester
  readonly decrypter: KeyDecrypter
  /** By `cipherId`; the oldest falls out. */
  readonly remembered: Map<string, string | null>
}

export class KeyRing {
  readonly #file: KeyFile | undefined
  readonly #log: PluginLog
  readonly #rememberedMax: number
  readonly #wanted = new Set<string>()
  #opened: Opened | undefined
  #former: Pick<Opened, 'digestKey' | 'digester'> | undefined
  #problem: string | undefined
  #take: Take | undefined
  #state: State | undefined
  #running = 0
  #drained = false
  /** Changes of the file, one after the other. */
  #changing = Promise.resolve()
  #stopped = false

  constructor({ file, log, rememberedMax = REMEMBERED_MAX }: KeyRingParts) {
    this.#rememberedMax = rememberedMax
    this.#log = log
    this.#file = file === undefined ? undefined : new KeyFile(file)
    const read = this.#file?.read()
    if (read === undefined) return
    if ('key' in read) this.#opened = open(read.key)
    else this.#refuse(read.problem)
  }

  /** What is known of the private key at the start. */
  firstEvent(): ResourceEvent {
    return { type: 'decryption_key', ...origin(), key: this.#fact(), digests: {} }
  }

  /** From now on events go there, and the file is watched. */
  start(take: Take): void {
    this.#take = take
    this.#file?.watch((read) => {
      this.#changing = this.#changing.then(() => this.#changed(read))
    })
  }

  /** Takes a snapshot that has just become live, and the state that it was built from. */
  published(snapshot: Snapshot, state: State): void {
    this.#state = state
    for (const name of snapshot.changes.pendingApiKeys) this.#wanted.add(name)
    if (snapshot.keys.counts.pending === 0) this.#drained = true
    this.#pump()
  }

  /** The digest of a key under the private key of that id; undefined where that one is no longer known. */
  readonly digestOf = (keyId: string, key: string): string | undefined => {
    if (this.#opened?.digester.keyId === keyId) return this.#opened.digester.digest(key)
    return this.#former?.digester.keyId === keyId ? this.#former.digester.digest(key) : undefined
  }

  /** What digests are made with now, the former one first: for other processes of this gateway, and nobody else. */
  digestKeys(): readonly DigestKey[] {
    return [this.#former, this.#opened].flatMap((each) => each?.digestKey ?? [])
  }

  health(): KeyRingHealth {
    return { problem: this.#problem, drained: this.#drained || this.#opened === undefined }
  }

  stop(): void {
    this.#stopped = true
    this.#file?.stop()
    this.#wanted.clear()
  }

  #fact(): DecryptionKeyFact {
    if (this.#opened !== undefined)
      return { status: 'loaded', keyId: this.#opened.digester.keyId, detail: '' }
    return { status: this.#file === undefined ? 'unset' : 'unusable', keyId: '', detail: this.#problem ?? '' }
  }

  #pump(): void {
    const opened = this.#opened
    if (opened === undefined || this.#stopped) return
    for (const name of this.#wanted) {
      if (this.#running >= AT_ONCE) return
      this.#wanted.delete(name)
      this.#running += 1
      void this.#decrypt(name, opened).finally(() => {
        this.#running -= 1
        this.#pump()
      })
    }
  }

  async #decrypt(name: string, opened: Opened): Promise<void> {
    const apiKey = apiKeyOf(this.#state, name)
    if (apiKey === undefined || this.#state === undefined) return
    const digests = await this.#digestsOf(apiKey, opened, digestsOf(apiKey, this.#state.decryption))
    if (this.#stopped || this.#opened !== opened) return
    this.#take?.({
      type: 'decrypted',
      ...origin(),
      keyId: opened.digester.keyId,
      apiKey: name,
      digests,
    })
  }

  async #digestsOf(apiKey: ApiKey, opened: Opened, known: KeyDigests): Promise<KeyDigests> {
    const digests: Digests = {}
    for (const { data } of apiKey.revisions) {
      const id = cipherId(data)
      const found = known[id] ?? opened.remembered.get(id)
      digests[id] = found === undefined ? await digestOfCipher(data, opened) : found
      this.#remember(opened.remembered, id, digests[id])
    }
    return digests
  }

  #remember(remembered: Opened['remembered'], id: string, digest: string | null): void {
    remembered.delete(id)
    remembered.set(id, digest)
    if (remembered.size <= this.#rememberedMax) return
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest)
      return
    }
  }

  /** Everything is decrypted with the new key first: until then the former one serves. */
  async #changed(read: ReadKey): Promise<void> {
    if ('problem' in read) return this.#refuse(read.problem)
    this.#problem = undefined
    const opened = open(read.key)
    if (opened.digester.keyId === this.#opened?.digester.keyId) return
    const digests: Record<string, KeyDigests> = {}
    for (const { resource } of this.#state?.kinds.ApiKey.objects.values() ?? []) {
      if (this.#stopped) return
      if (resource.kind === 'ApiKey' && !isInvalid(resource))
        digests[resource.meta.name] = await this.#digestsOf(resource, opened, {})
    }
    if (this.#opened !== undefined) {
      const { digestKey, digester } = this.#opened
      this.#former = { digestKey, digester }
    }
    this.#opened = opened
    this.#take?.({ type: 'decryption_key', ...origin(), key: this.#fact(), digests })
    this.#log.info({ key_id: opened.digester.keyId }, 'the private key of api keys was loaded')
  }

  #refuse(problem: string): void {
    this.#problem = `plugins.apiKey.decryption_key_file: ${problem}`
    const said =
      this.#opened === undefined
        ? 'the private key of api keys cannot be used: api keys are refused with code 13'
        : 'the private key of api keys changed but cannot be used; the former one stays'
    this.#log.error({ problem: this.#problem }, said)
  }
}

function open(key: KeyObject): Opened {
  const digestKey = digestKeyOf(key)
  return {
    digestKey,
    digester: new KeyDigester(digestKey),
    decrypter: new KeyDecrypter(key),
    remembered: new Map(),
  }
}

async function digestOfCipher(data: string, { decrypter, digester }: Opened): Promise<string | null> {
  const clear = await decrypter.decrypt(data)
  if (clear === undefined || clear === '') return null
  return digester.digest(Buffer.from(clear).toString('latin1')) ?? null
}

function apiKeyOf(state: State | undefined, name: string): ApiKey | undefined {
  const resource = state?.kinds.ApiKey.objects.get(keyOf('ApiKey', '', name))?.resource
  return resource?.kind === 'ApiKey' && !isInvalid(resource) ? resource : undefined
}

function origin(): { readonly source: string; readonly observedAt: number } {
  return { source: SOURCE, observedAt: performance.timeOrigin + performance.now() }
}
