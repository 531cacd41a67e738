// Where a failure that is compiled into a route lies: the object and the field that its owner has to look at.

import type { FailureSite } from '../errors/failure.ts'
import type { Kind, Meta } from '../resources/resource.ts'

/** @param field dotted, as `kubectl explain` spells it; a key with dots stands in brackets: `data["tls.crt"]` */
export function siteOf(kind: Kind, meta: Pick<Meta, 'namespace' | 'name'>, field: string): FailureSite {
  return { kind, namespace: meta.namespace, name: meta.name, field }
}

/** The data key of a Secret as a field. */
export function dataField(dataKey: string): string {
  return `data["${dataKey}"]`
}
