// What a watched object is once it has been read: normalised, readonly, JSON-serialisable.
// Nothing in these records may hold the bytes of a secret; those live in the vault (vault.ts).

/** Every kind that the gateway watches, in the order in which lists and pages name them. */
export const KINDS = [
  'ApiProxy',
  'MockTarget',
  'ApiKey',
  'ApiKeyBinding',
  'Service',
  'Secret',
  'EndpointSlice',
] as const
export type Kind = (typeof KINDS)[number]

/** True for the name of a kind that the gateway watches. */
export function isKind(name: string): name is Kind {
  return KINDS.some((kind) => kind === name)
}

/** The part of an object's metadata that the gateway keeps. */
export interface Meta {
  /** Empty for cluster-scoped kinds (ApiKey). */
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  /** RFC 3339 in UTC with milliseconds, so that it sorts as text; absent sorts last wherever the oldest wins. */
  readonly creationTimestamp?: string
  readonly labels: Readonly<Record<string, string>>
  /** Only those under `kanali.io/`: last-applied-configuration holds whole Secrets. */
  readonly annotations: Readonly<Record<string, string>>
  /** Who last changed what the object says, where it says so. Tells of the object; is no part of its content. */
  readonly changedBy?: ChangedBy
}

export interface ChangedBy {
  /** As in managedFields: `kubectl-client-side-apply`, `helm`, ...; escaped, at most 100 characters. */
  readonly manager: string
  /** RFC 3339 in UTC with milliseconds. */
  readonly time?: string
}

export interface PluginRef {
  /** As written, trimmed; built-in names are compared case-insensitively by the plugin host. */
  readonly name: string
  readonly version?: string
  readonly config: Readonly<Record<string, string>>
}

/** A label that a dynamically discovered Service must carry; exactly one of `value` and `header` (lower case). */
export type LabelRequirement =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly header: string }

export type Backend =
  | {
      readonly type: 'endpoint'
      readonly scheme: 'http' | 'https'
      /** Host name or address without brackets, lower case. */
      readonly host: string
      readonly port: number
    }
  | { readonly type: 'service'; readonly name: string; readonly port: number }
  | { readonly type: 'labels'; readonly labels: readonly LabelRequirement[]; readonly port: number }
  | { readonly type: 'mock'; readonly mockTargetName: string }

export interface ApiProxy {
  readonly kind: 'ApiProxy'
  readonly meta: Meta
  readonly source: {
    /** Normalised (path.ts): begins with a slash, repeated slashes folded, no trailing slash but for `/`. */
    readonly path: string
    /** Lower case, without port. */
    readonly virtualHost?: string
  }
  readonly target: {
    /** Normalised like the source path; `/` where the object names none. */
    readonly path: string
    readonly backend: Backend
    readonly sslSecretName?: string
  }
  readonly plugins: readonly PluginRef[]
}

export interface MockRoute {
  /** Normalised; matched on the target path by whole segments. */
  readonly path: string
  readonly status: number
  /** Upper case; absent means any method. */
  readonly methods?: readonly string[]
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface MockTarget {
  readonly kind: 'MockTarget'
  readonly meta: Meta
  readonly routes: readonly MockRoute[]
}

export interface ApiKeyRevision {
  /** base64(hex(RSA-OAEP(...))): a cipher text, useless without the gateway's private key. */
  readonly data: string
  readonly status: 'Active' | 'Inactive'
  readonly lastUsed?: string
}

export interface ApiKey {
  readonly kind: 'ApiKey'
  readonly meta: Meta
  readonly revisions: readonly ApiKeyRevision[]
}

export interface Rule {
  readonly global: boolean
  /** Upper case. */
  readonly verbs: readonly string[]
}

export interface KeyGrant {
  readonly name: string
  readonly defaultRule?: Rule
  readonly subpaths: readonly { readonly path: string; readonly rule: Rule }[]
  readonly rate?: { readonly amount: number; readonly unit: 'SECOND' | 'MINUTE' | 'HOUR' }
  readonly quota?: number
}

export interface ApiKeyBinding {
  readonly kind: 'ApiKeyBinding'
  readonly meta: Meta
  readonly keys: readonly KeyGrant[]
}

export interface Service {
  readonly kind: 'Service'
  readonly meta: Meta
  /** Absent for headless Services (`None`) and where the object names none. */
  readonly clusterIP?: string
  readonly ports: readonly { readonly name: string; readonly port: number }[]
}

/** What may be known of a Secret outside the vault. */
export interface Secret {
  readonly kind: 'Secret'
  readonly meta: Meta
  /** Annotation `kanali.io/enabled: 'true'`; without it no facts are taken and no bytes are kept. */
  readonly enabled: boolean
  readonly tls: TlsFacts
}

/** Facts of the three data keys that `ssl` reads (renamed by annotations); nothing here is secret. */
export interface TlsFacts {
  /** Opaque; finds the bytes in the vault. Changes whenever a value that parses changes. Absent where none is there. */
  readonly handle?: string
  readonly certificate: PartFact
  readonly key: PartFact
  readonly ca: PartFact
  /** Of certificate and key, where both parse. */
  readonly pairFits: boolean
  /** RFC 3339: the earliest end in the chain, or the last of the authorities where that is sooner. Never judged by the build. */
  readonly notAfter?: string
}
/** `unparsable` carries why, with no part of the value in it. */
export type PartFact =
  | { readonly state: 'absent'; readonly dataKey: string }
  | { readonly state: 'parsed'; readonly dataKey: string }
  | { readonly state: 'unparsable'; readonly dataKey: string; readonly why: string }

export interface EndpointSlice {
  readonly kind: 'EndpointSlice'
  readonly meta: Meta
  /** Label kubernetes.io/service-name; empty where absent. */
  readonly serviceName: string
  readonly ports: readonly { readonly name: string; readonly port: number }[]
  readonly endpoints: readonly {
    readonly addresses: readonly string[]
    readonly ready: boolean
    /** It is ending and still serves: used only where nothing is ready. */
    readonly draining: boolean
  }[]
}

/** One broken rule: what a condition says of a bad object. `value` is escaped and at most 100 characters. */
export interface Problem {
  readonly field: string
  readonly value: string
  readonly rule: string
}

/** An object that could be named but not read. It stays in the state, so that its place is not taken silently. */
export interface InvalidResource {
  readonly kind: Kind
  readonly meta: Meta
  readonly problems: readonly [Problem, ...Problem[]]
  /** For an ApiProxy whose source could still be read: requests there fail instead of falling to another route. */
  readonly claim?: { readonly path: string; readonly virtualHost?: string }
}

export type ValidResource = ApiProxy | MockTarget | ApiKey | ApiKeyBinding | Service | Secret | EndpointSlice
export type Resource = ValidResource | InvalidResource

/** True for an object that broke a rule. */
export function isInvalid(resource: Resource): resource is InvalidResource {
  return 'problems' in resource
}

/** `Kind/namespace/name`: the identity of an object over its whole life. */
export function keyOf(kind: Kind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`
}
