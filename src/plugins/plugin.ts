// What a plugin author writes against. Documented for users in docs/plugins.md.

/** The request as a plugin sees it. Header names are compared without case. */
export interface PluginRequest {
  readonly method: string
  /** Path as the client sent it, without the query. */
  readonly path: string
  readonly query: string
  /** Lower case, without port. */
  readonly host: string
  readonly clientAddress: string
  /** Path that the upstream will see. */
  readonly targetPath: string
  readonly traceId: string
  /** First value of that header, or undefined. */
  header(name: string): string | undefined
  /** Every value of that header, in order. */
  headerValues(name: string): readonly string[]
  /** Replaces every field of that name by one; takes effect for the plugins that follow and upstream. */
  setHeader(name: string, value: string): void
  /** Appends a field and keeps those of the same name. */
  addHeader(name: string, value: string): void
  removeHeader(name: string): void
}

/** The head of the upstream's or the mock's answer as a plugin sees it. */
export interface PluginResponse {
  /** 200 to 599. It may change, but not from or to one that has no content (204, 205, 304). */
  status: number
  header(name: string): string | undefined
  headerValues(name: string): readonly string[]
  setHeader(name: string, value: string): void
  addHeader(name: string, value: string): void
  removeHeader(name: string): void
}

/** What a plugin returns to end the request itself. */
export interface PluginAnswer {
  /** 200 to 599. */
  readonly status: number
  /** A list makes one field for each value (`set-cookie`). */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
}

export interface PluginContext {
  readonly config: Readonly<Record<string, string>>
  readonly apiproxy: { readonly namespace: string; readonly name: string }
  /** Aborted when the client has gone or the plugin's deadline has passed. */
  readonly signal: AbortSignal
}

type Maybe<T> = T | undefined | void | Promise<T | undefined | void>

/** The exported name `Plugin`: an object with these methods, or a class whose instances have them. */
export interface Plugin {
  /**
   * Names of `config` whose values debug pages may show; all others are redacted. A class declares it as a static field,
   * an object as a field. It is read once, when the file is loaded.
   */
  readonly publicConfig?: readonly string[]
  /** Before the upstream: return nothing to go on, or an answer to end the request. Anything else is an error. */
  onRequest(context: PluginContext, request: PluginRequest): Maybe<PluginAnswer>
  /** After the answer's head is known and before it is sent. It returns nothing. */
  onResponse(context: PluginContext, request: PluginRequest, response: PluginResponse): Maybe<never>
}
