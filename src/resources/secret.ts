// Reads a core/v1 Secret. Only what is released by its annotation is looked at; of that, facts go on and the bytes go
// to the vault. No value may ever be in a fact, a problem or a handle.

import type { Fields } from './fields.ts'
import type { Reading } from './reading.ts'
import type { Meta, Secret } from './resource.ts'
import { isBase64, SECRET_DATA_KEY } from './text-rules.ts'
import { readTlsFacts, type TlsParts } from './tls-facts.ts'

/** As in Kubernetes, for all values together. */
const VALUE_BYTES_MAX = 1024 * 1024

interface Values {
  /** Wins over `encoded`. */
  readonly plain: Fields | undefined
  readonly encoded: Fields | undefined
}

const ENABLED = 'kanali.io/enabled'
const PARTS = [
  { part: 'certificate', annotation: 'kanali.io/cert', dataKey: 'tls.crt' },
  { part: 'key', annotation: 'kanali.io/key', dataKey: 'tls.key' },
  { part: 'ca', annotation: 'kanali.io/ca', dataKey: 'tls.ca' },
] as const

export function readSecret(manifest: Fields, meta: Meta): Reading {
  const enabled = annotationOf(meta, ENABLED) === 'true'
  const parts: TlsParts = { certificate: { dataKey: '' }, key: { dataKey: '' }, ca: { dataKey: '' } }
  const values: Values = enabled
    ? { plain: manifest.object('stringData'), encoded: manifest.object('data') }
    : { plain: undefined, encoded: undefined }
  for (const { part, annotation, dataKey } of PARTS) {
    const key = annotationOf(meta, annotation) || dataKey
    parts[part] = { dataKey: key }
    if (!enabled) continue
    if (!SECRET_DATA_KEY.holds(key)) {
      manifest.object('metadata')?.object('annotations')?.fail(annotation, SECRET_DATA_KEY.says)
      continue
    }
    const bytes = readValue(values, key)
    if (bytes !== undefined) parts[part] = { dataKey: key, bytes }
  }
  const { tls, material } = readTlsFacts(parts, `${meta.namespace}/${meta.name}`)
  const resource: Secret = { kind: 'Secret', meta, enabled, tls }
  return material === undefined ? { resource } : { resource, material }
}

function annotationOf(meta: Meta, name: string): string | undefined {
  return Object.hasOwn(meta.annotations, name) ? meta.annotations[name] : undefined
}

/** Undefined where absent or empty, or, with a problem, where it cannot be read. */
function readValue({ plain, encoded }: Values, dataKey: string): Buffer | undefined {
  const source = plain?.has(dataKey) ? plain : encoded
  const bytes = source === plain ? readPlain(plain, dataKey) : readEncoded(encoded, dataKey)
  if (bytes === undefined || bytes.length === 0) return undefined
  if (bytes.length <= VALUE_BYTES_MAX) return bytes
  source?.fail(dataKey, 'must have at most 1 MiB')
  return undefined
}

function readPlain(plain: Fields | undefined, dataKey: string): Buffer | undefined {
  const text = plain?.text(dataKey)
  return text === undefined ? undefined : Buffer.from(text)
}

function readEncoded(data: Fields | undefined, dataKey: string): Buffer | undefined {
  // Wrapped lines are allowed, as Kubernetes allows them.
  const text = data?.text(dataKey)?.replaceAll(/[\r\n]/g, '') ?? ''
  if (text === '') return undefined
  if (isBase64(text)) return Buffer.from(text, 'base64')
  data?.fail(dataKey, 'must be base64')
  return undefined
}
