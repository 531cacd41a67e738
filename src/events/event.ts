// Everything that can change what the gateway knows, as one JSON-serialisable union.
// An event never holds the bytes of a secret, a function or a class instance.

import type { Kind, Resource } from '../resources/resource.ts'

/** Where an event comes from and when it was received (milliseconds since the epoch, fractional). */
export interface Origin {
  /** `directory`, `kubernetes`, `plugins`, ... */
  readonly source: string
  readonly observedAt: number
}

/** What became of loading one plugin file; `failure` is absent for a plugin that can be used. */
export interface PluginFact {
  readonly name: string
  readonly version?: string
  /** File name inside `plugins.location`, or `built-in`. */
  readonly file: string
  readonly methods: readonly ('onRequest' | 'onResponse')[]
  /** Names of `config` whose values the plugin declares public: pages may show them. */
  readonly publicConfig?: readonly string[]
  readonly failure?: {
    readonly reason: 'plugin_load_failed' | 'plugin_export_missing' | 'plugin_interface_incomplete'
    readonly detail: string
  }
}

/** A fault of a source that belongs to no single object: a file that does not parse, an object in two files. */
export interface SourceProblem {
  /** Absent: a file, or what takes its place in a source. */
  readonly kind?: 'Journal'
  /** Path relative to the source's root. */
  readonly file: string
  /** CamelCase: `Unparsable`, `Unreadable`, `DuplicateObject`, `UnknownKind`, `TooLarge`, ... */
  readonly reason: string
  readonly message: string
}

export type KindStatus =
  /** Nothing heard yet. */
  | 'pending'
  | 'synced'
  /** The source may not list this kind (401, 403, 404). */
  | 'refused'
  /** Not listed in the time that a start may take: what is known of other kinds is served without it. */
  | 'overdue'

/** A silence of a source. */
export interface Staleness {
  /** Of its last word, ms epoch. */
  readonly since: number
  /** Kinds whose silence has lasted longer than is allowed; sorted. */
  readonly expired: readonly Kind[]
}

/** The private key with which api keys are decrypted: of it, only what tells two of them apart. */
export interface DecryptionKeyFact {
  readonly status: 'loaded' | 'unset' | 'unusable'
  /** Of the public half; digests of api keys made under one id mean nothing under another. Empty unless loaded. */
  readonly keyId: string
  /** Why it is unusable; empty otherwise. Never a part of the file. */
  readonly detail: string
}

/**
 * What became of decrypting the revisions of one ApiKey: by `cipherId` of each, the digest of the key, or null where it
 * could not be decrypted. A digest is useless without the private key.
 */
export type KeyDigests = Readonly<Record<string, string | null>>

/** A set of public keys; the keys themselves are kept by whoever fetched it. */
export type KeySetFact =
  | { readonly status: 'loaded'; readonly hash: string; readonly keys: number }
  /** Never fetched, or fetched too long ago to be trusted. */
  | { readonly status: 'failed'; readonly detail: string }

export type ResourceEvent = Origin &
  (
    | { readonly type: 'upserted'; readonly resource: Resource }
    /** A uid that differs from the known object's is an old delete: it never removes a successor. */
    | {
        readonly type: 'deleted'
        readonly kind: Kind
        readonly namespace: string
        readonly name: string
        readonly uid?: string
      }
    /**
     * The complete list of a kind, or of a kind in one namespace: replaces all that was known there. The list of a kind
     * makes it synced; that of a namespace ends the refusal there.
     */
    | {
        readonly type: 'listed'
        readonly kind: Kind
        readonly namespace?: string
        readonly resources: readonly Resource[]
      }
    /** The source may not list the kind, or not in that namespace. */
    | { readonly type: 'refused'; readonly kind: Kind; readonly namespace?: string; readonly detail: string }
    /** A kind that nothing was heard of so far will not be waited for any longer. */
    | { readonly type: 'overdue'; readonly kind: Kind; readonly detail: string }
    /** The source has not been heard for too long (`since`, ms epoch), or has come back (`since` absent). */
    | { readonly type: 'stale'; readonly since?: number; readonly expired?: readonly Kind[] }
    /** All problems that the source has now; replaces what it said before. */
    | { readonly type: 'problems'; readonly problems: readonly SourceProblem[] }
    /** All plugins that were found; replaces what was known. */
    | { readonly type: 'plugins'; readonly plugins: readonly PluginFact[] }
    /** The decryption key is another one, or gone; replaces all that was decrypted. */
    | {
        readonly type: 'decryption_key'
        readonly key: DecryptionKeyFact
        readonly digests: Readonly<Record<string, KeyDigests>>
      }
    /** Revisions of an ApiKey were decrypted under that key; replaces what was known of it. */
    | {
        readonly type: 'decrypted'
        readonly keyId: string
        readonly apiKey: string
        readonly digests: KeyDigests
      }
    /** What is known of the key set of an issuer of tokens; absent where no route names it any more. */
    | { readonly type: 'key_set'; readonly url: string; readonly fact?: KeySetFact }
    /**
     * All that is known so far is of a former process, last heard of at `since` (ms epoch). It is served as stale until
     * every kind has been listed again, and Secrets whose bytes went with that process are unread.
     */
    | { readonly type: 'restored'; readonly since: number }
  )
