// What the primary process and its workers say to each other, over the channel that a fork has: nobody else reads it.
// It carries secrets (bytes of the vault, what digests are made with): no message may ever be logged or shown.

import type { Options } from '../config/options.ts'
import type { CheckpointLine, ObjectsLine, StateLine } from '../events/journal/record.ts'
import type { ResourceEvent } from '../events/event.ts'
import type { DigestKey } from '../plugins/apikey/key-digester.ts'
import type { KeySetWord } from '../plugins/jwt/remote-key-set.ts'
import type { StoreAnswer, TakeRequest } from '../plugins/limits/limit-store.ts'
import type { SecretMaterial } from '../resources/vault.ts'
import type { BatchSpan } from '../telemetry/batch-links.ts'

/** Of the primary, to which lines of workers go. */
export type Output = 'stdout' | 'stderr'

/** What a worker begins with. */
export interface WorkerStart {
  readonly type: 'start'
  /** From 1; a replacement has the number of whom it replaces. */
  readonly worker: number
  readonly workers: number
  readonly options: Options
  readonly version: string
  /** Ports of this gateway that no upstream may be at. */
  readonly adminPorts: readonly number[]
  readonly freePorts: boolean
  readonly shares: Shares
  readonly logLevel: string
  /** What the two outputs of the primary are, for the form of the lines. */
  readonly terminals: { readonly stdout: boolean; readonly stderr: boolean }
}

/** The most that this worker may have at once. */
export interface Shares {
  readonly requests: number
  readonly connections: number
}

/** One step of what leads a worker to the primary's snapshot. Applied in order, and in no other. */
export type FeedItem =
  /** A whole state, in pieces; what was known before goes. */
  | StateLine
  | ObjectsLine
  | CheckpointLine
  /** Comes before whatever names the handle. */
  | { readonly type: 'secret'; readonly handle: string; readonly material: SecretMaterial }
  | { readonly type: 'digest_keys'; readonly keys: readonly DigestKey[] }
  | { readonly type: 'key_set'; readonly url: string; readonly word: KeySetWord | undefined }
  | { readonly type: 'event'; readonly event: ResourceEvent }
  /** All that leads to this revision has been said: build it. */
  | {
      readonly type: 'publish'
      readonly revision: number
      readonly hash: string
      /** The span of the batch that made it. */
      readonly batch: BatchSpan | undefined
    }

/** What the primary wants to know of a worker. */
export type Question =
  | { readonly about: 'metrics' }
  /** Pages of an admin port: what they would answer. */
  | { readonly about: 'exchanges'; readonly query: string }
  | { readonly about: 'trace'; readonly traceId: string }
  | { readonly about: 'profile'; readonly seconds: number }

/** What a worker wants to know of the primary. */
export interface KeySetQuestion {
  readonly about: 'key_set'
  readonly url: string
  readonly refetch: boolean
}

/** By the option that opened each. */
export type PortList = readonly (readonly [option: string, port: number])[]

export type ToWorker =
  | WorkerStart
  /** Opens the ports, those that others of its kind have got already, and further ones. */
  | { readonly type: 'serve'; readonly ports: PortList }
  /** `FeedItem[]`, serialised once for all workers (v8.serialize). */
  | { readonly type: 'feed'; readonly items: Uint8Array }
  | { readonly type: 'question'; readonly id: number; readonly question: Question }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'takes'; readonly first: number; readonly answers: readonly StoreAnswer[] }
  /** Adds to a share; the answer to each `more`, also where there is nothing to give. */
  | { readonly type: 'granted'; readonly what: keyof Shares; readonly amount: number }
  /** Gives back what it does not need of a share, and says how much. */
  | { readonly type: 'spare'; readonly what: keyof Shares; readonly wanted: number }
  /** Lines were handed on, or could not be. */
  | { readonly type: 'written'; readonly id: number; readonly failed: boolean }
  | { readonly type: 'log_level'; readonly level: string }
  | { readonly type: 'ping' }
  | { readonly type: 'drain' }

export type FromWorker =
  /** It can take a state. */
  | { readonly type: 'assembled' }
  /** It serves. */
  | { readonly type: 'listening'; readonly ports: PortList }
  /** It cannot start: one line. It ends. */
  | { readonly type: 'failed'; readonly problem: string }
  | { readonly type: 'published'; readonly revision: number; readonly hash: string }
  | { readonly type: 'question'; readonly id: number; readonly question: KeySetQuestion }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'takes'; readonly first: number; readonly takes: readonly TakeRequest[] }
  | { readonly type: 'more'; readonly what: keyof Shares; readonly wanted: number }
  | { readonly type: 'spared'; readonly what: keyof Shares; readonly given: number }
  /** Whole lines for an output of the primary. */
  | {
      readonly type: 'lines'
      readonly id: number
      readonly output: Output
      readonly text: Uint8Array | string
    }
  | { readonly type: 'pong' }
  /** The last that there is to know of what it counted: `metrics` of a worker that ends. */
  | { readonly type: 'last_metrics'; readonly metrics: unknown }
