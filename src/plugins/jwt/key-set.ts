// The keys of one issuer as they were read once: immutable, so that its version stands for its content. A key is made
// ready for an algorithm when the first token needs it, off the event loop.

import { hash } from 'node:crypto'
import type { importJWK } from 'jose'
import type { VerificationKey } from '../../snapshot/verification-keys.ts'
import { jose } from './jose.ts'

/** What jose verifies with. */
export type ReadyKey = Awaited<ReturnType<typeof importJWK>>

export class KeySet {
  /** 16 hex digits. */
  readonly version: string
  readonly keys: readonly VerificationKey[]
  readonly #ready = new Map<VerificationKey, Map<string, Promise<ReadyKey | undefined>>>()

  constructor(keys: readonly VerificationKey[], version = versionOf(keys)) {
    this.keys = keys
    this.version = version
    // Ahead of the first token, which would have to wait for it.
    jose().catch(() => undefined)
  }

  get size(): number {
    return this.keys.length
  }

  /** Keys that may check tokens of that algorithm and name; every key of the algorithm where a token names none. */
  find(algorithm: string, kid: string | undefined): readonly VerificationKey[] {
    return this.keys.filter(
      (key) => key.algorithms.includes(algorithm) && (kid === undefined || key.kid === kid),
    )
  }

  /** Undefined where the key is none: a point that is not on its curve, for example. It never rejects. */
  ready(key: VerificationKey, algorithm: string): Promise<ReadyKey | undefined> {
    let byAlgorithm = this.#ready.get(key)
    if (byAlgorithm === undefined) this.#ready.set(key, (byAlgorithm = new Map()))
    let ready = byAlgorithm.get(algorithm)
    if (ready === undefined) {
      ready = imported(key, algorithm)
      byAlgorithm.set(algorithm, ready)
    }
    return ready
  }
}

async function imported(key: VerificationKey, algorithm: string): Promise<ReadyKey | undefined> {
  const { importJWK } = await jose()
  return importJWK({ ...key.members }, algorithm).catch(() => undefined)
}

function versionOf(keys: readonly VerificationKey[]): string {
  return hash('sha256', JSON.stringify(keys)).slice(0, 16)
}
