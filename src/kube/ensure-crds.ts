// Sees to it that the API server knows our kinds, where we are allowed to: missing definitions are installed, older ones
// renewed, newer ones left alone. Being allowed to do none of it is no fault: someone else installs them then.

import { isRecord, ownField } from '../resources/fields.ts'
import { CRD_VERSION_ANNOTATION, CRDS, type CustomResourceDefinition } from '../resources/crds/crds.ts'
import type { Log } from '../telemetry/log.ts'
import { type Answer, type ApiClient, statusText, type Unreachable } from './api-client.ts'
import { Backoff } from './backoff.ts'

export interface EnsureCrdsOptions {
  readonly client: Pick<ApiClient, 'request'>
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly signal: AbortSignal
}

const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
/** Attempts to see a definition established, at `LOOK_EVERY_MS`. */
const LOOKS_MAX = 150
const LOOK_EVERY_MS = 200

/** Resolves once each definition is established, or nothing can be done about it. Waits for a server that is away. */
export async function ensureCrds(options: EnsureCrdsOptions): Promise<void> {
  const backoff = new Backoff({ leastMs: 500, mostMs: 10_000 })
  for (const definition of CRDS) {
    while (!options.signal.aborted) {
      const passing = await ensure(definition, options)
      if (passing === undefined) break
      options.log.warn(
        { definition: definition.metadata.name, why: passing },
        'a definition is not ensured yet',
      )
      await pause(backoff.next(), options.signal)
    }
  }
}

/** @returns why it is worth another attempt; undefined where it is settled */
async function ensure(
  definition: CustomResourceDefinition,
  options: EnsureCrdsOptions,
): Promise<string | undefined> {
  const { client, log, signal } = options
  const { name } = definition.metadata
  const found = settled(await client.request({ method: 'GET', path: `${PATH}/${name}`, signal }))
  if (typeof found === 'string') return found
  if (found.status === 401 || found.status === 403) {
    log.info({ definition: name, why: statusText(found) }, 'definitions are left to whoever may install them')
    return undefined
  }
  if (found.status === 200 && versionOf(found.body) >= versionOf(definition)) return undefined
  const applied = settled(
    await client.request({
      method: 'PATCH',
      path: `${PATH}/${name}`,
      query: { fieldManager: 'kanali', force: true },
      contentType: 'application/apply-patch+yaml',
      body: definition,
      signal,
    }),
  )
  if (typeof applied === 'string') return applied
  if (applied.status !== 200 && applied.status !== 201) {
    log.warn({ definition: name, why: statusText(applied) }, 'a definition cannot be installed')
    return undefined
  }
  log.info({ definition: name, definition_version: versionOf(definition) }, 'a definition was installed')
  await established(name, options)
  return undefined
}

/** Until then the server answers 404 for the kind. */
async function established(name: string, { client, log, signal }: EnsureCrdsOptions): Promise<void> {
  for (let look = 0; look < LOOKS_MAX && !signal.aborted; look++) {
    const answer = await client.request({ method: 'GET', path: `${PATH}/${name}`, signal })
    if (answer.type === 'answer' && isEstablished(answer.body)) return
    await pause(LOOK_EVERY_MS, signal)
  }
  if (!signal.aborted) log.warn({ definition: name }, 'a definition was installed, and is not established')
}

function isEstablished(body: unknown): boolean {
  const status = isRecord(body) ? ownField(body, 'status') : undefined
  const conditions = isRecord(status) ? ownField(status, 'conditions') : undefined
  if (!Array.isArray(conditions)) return false
  return conditions.some(
    (condition) =>
      isRecord(condition) &&
      ownField(condition, 'type') === 'Established' &&
      ownField(condition, 'status') === 'True',
  )
}

/** 0 for a definition that is not ours to number: that of the original, for example. */
function versionOf(definition: unknown): number {
  const metadata = isRecord(definition) ? ownField(definition, 'metadata') : undefined
  const annotations = isRecord(metadata) ? ownField(metadata, 'annotations') : undefined
  const version = isRecord(annotations) ? Number(ownField(annotations, CRD_VERSION_ANNOTATION)) : 0
  return Number.isSafeInteger(version) && version > 0 ? version : 0
}

/** The answer, or why it is worth another attempt. */
function settled(answer: Answer | Unreachable): Answer | string {
  if (answer.type === 'unreachable') return answer.why
  return answer.status === 429 || answer.status >= 500 ? statusText(answer) : answer
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
