// Dynamic discovery: the Services that carry all labels of an ApiProxy. What does not depend on the request is settled
// here, so that a request only compares the labels whose values its headers give.

import { failureAt } from '../errors/failure.ts'
import type { LabelRequirement, Meta, Service } from '../resources/resource.ts'
import { compileService, servicesFailure } from './compile-service.ts'
import type { SecretIdentity } from './compile-tls.ts'
import type { Lookup } from './lookup.ts'
import { byAge } from './age.ts'
import { siteOf } from './failure-site.ts'
import { labelBucket, namespaceBucket } from './service-index.ts'
import type { DynamicTarget, FailedTarget } from './snapshot.ts'

/** The Services that can come into question, oldest first; code 10 where there can be none whatever the headers. */
export function compileLabels(
  meta: Meta,
  labels: readonly LabelRequirement[],
  port: number,
  identity: SecretIdentity | undefined,
  lookup: Lookup,
): DynamicTarget | FailedTarget {
  const { namespace } = meta
  const unavailable = servicesFailure(namespace, lookup)
  if (unavailable !== undefined) return unavailable
  const services = [...lookup.servicesOfSmallest(bucketsOf(namespace, labels))]
    .filter((service) => carriesAll(service, labels))
    .sort((a, b) => byAge(a.meta, b.meta))
  if (services.length === 0) {
    const detail = `no Service in namespace ${namespace} carries ${labels.map(labelText).join(', ')}`
    const at = siteOf('ApiProxy', meta, 'spec.target.backend.service.labels')
    return { type: 'failed', failure: failureAt('service_labels_unmatched', at, detail) }
  }
  return {
    type: 'dynamic',
    byHeader: labels.flatMap((label) =>
      'header' in label ? [{ name: label.name, header: label.header.toLowerCase() }] : [],
    ),
    candidates: services.map((service) => ({
      labels: service.meta.labels,
      target: compileService(meta, service, port, identity, lookup),
    })),
    defaultHeaderValues: lookup.defaultHeaderValues,
  }
}

/** True where a Service can come into question, whatever the headers of a request. */
export function carriesAll(service: Service, labels: readonly LabelRequirement[]): boolean {
  return labels.every((label) => canCarry(service, label))
}

/** A label as a person would write the requirement. */
export function labelText(label: LabelRequirement): string {
  return 'value' in label ? `${label.name}=${label.value}` : `${label.name}=<header ${label.header}>`
}

function bucketsOf(namespace: string, labels: readonly LabelRequirement[]): [string, ...string[]] {
  const [first, ...others] = labels.map((label) =>
    labelBucket(namespace, label.name, 'value' in label ? label.value : undefined),
  )
  return first === undefined ? [namespaceBucket(namespace)] : [first, ...others]
}

function canCarry({ meta: { labels } }: Service, requirement: LabelRequirement): boolean {
  if (!Object.hasOwn(labels, requirement.name)) return false
  return 'header' in requirement || labels[requirement.name] === requirement.value
}
