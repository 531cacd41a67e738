// Reads an object's metadata: its identity, its age, its labels, and of its annotations only our own.
// It must never keep another's annotation: last-applied-configuration holds whole Secrets.

import { readChangedBy } from './changed-by.ts'
import type { Fields } from './fields.ts'
import { NO_TEXTS } from './none.ts'
import { showValue } from './problems.ts'
import type { Kind, Meta, Problem } from './resource.ts'
import { DNS_LABEL, DNS_SUBDOMAIN } from './text-rules.ts'
import { readTimestamp } from './timestamp.ts'

const OUR_ANNOTATIONS = 'kanali.io/'

/**
 * @param defaultNamespace for a namespaced object that names none
 * @returns a Problem where the object cannot be named; other problems go to the manifest's own list
 */
export function readMeta(manifest: Fields, kind: Kind, defaultNamespace: string): Meta | Problem {
  const raw = manifest.raw('metadata')
  if (raw === undefined) return unnamed(kind, 'metadata', '', 'is required')
  const metadata = manifest.object('metadata')
  if (metadata === undefined)
    return unnamed(kind, 'metadata', Array.isArray(raw) ? 'a list' : `a ${typeof raw}`, 'must be an object')
  const name = metadata.raw('name') ?? ''
  // A Service's name is a label of a host name.
  const nameRule = kind === 'Service' ? DNS_LABEL : DNS_SUBDOMAIN
  if (name === '') return unnamed(kind, 'metadata.name', '', 'is required')
  if (typeof name !== 'string' || !nameRule.holds(name)) {
    return unnamed(
      kind,
      'metadata.name',
      showValue(name),
      typeof name === 'string' ? nameRule.says : 'must be a string',
    )
  }
  const namespace = kind === 'ApiKey' ? '' : (metadata.raw('namespace') ?? '') || defaultNamespace
  if (typeof namespace !== 'string' || (kind !== 'ApiKey' && !DNS_LABEL.holds(namespace))) {
    return unnamed(kind, 'metadata.namespace', showValue(namespace), DNS_LABEL.says)
  }
  const changedBy = readChangedBy(metadata.raw('managedFields'))
  return {
    namespace,
    name,
    ...readIdentity(metadata),
    labels: readLabels(metadata),
    annotations: readAnnotations(metadata),
    ...(changedBy !== undefined && { changedBy }),
  }
}

function unnamed(kind: Kind, field: string, value: string, rule: string): Problem {
  return { field, value, rule: `${rule} (kind ${kind})` }
}

function readIdentity(
  metadata: Fields,
): Pick<Meta, 'uid' | 'resourceVersion' | 'generation' | 'creationTimestamp'> {
  const uid = metadata.text('uid')
  const bareVersion = metadata.raw('resourceVersion')
  const resourceVersion =
    typeof bareVersion === 'number' ? String(bareVersion) : metadata.text('resourceVersion')
  const generation = metadata.integer('generation', 0, Number.MAX_SAFE_INTEGER)
  const creationTimestamp = readTimestamp(metadata, 'creationTimestamp')
  return {
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(generation !== undefined && { generation }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
  }
}

function readLabels(metadata: Fields): Meta['labels'] {
  const labels = metadata.object('labels')
  return textsOf(labels, labels?.names() ?? [])
}

function readAnnotations(metadata: Fields): Meta['annotations'] {
  const annotations = metadata.object('annotations')
  return textsOf(
    annotations,
    (annotations?.names() ?? []).filter((name) => name.startsWith(OUR_ANNOTATIONS)),
  )
}

function textsOf(fields: Fields | undefined, names: readonly string[]): Readonly<Record<string, string>> {
  if (fields === undefined || names.length === 0) return NO_TEXTS
  return Object.fromEntries(names.map((name) => [name, fields.text(name) ?? '']))
}
