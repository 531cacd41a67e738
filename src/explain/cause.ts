// Which object and which field of it a failure lies in. Failures that are compiled into a route say so themselves; for
// those of the configuration that show only when a request is sent on, the reason and the route tell.

import type { Cause, ExchangeFacts } from './exchange-report.ts'

/** Reasons that lie in the ApiProxy and that only the transport can find, with the field. */
const FIELDS_BY_REASON: Readonly<Record<string, string>> = {
  address_not_allowed: 'spec.target.backend.endpoint',
}

/** Null where the fault lies in no resource. */
export function causeOf({ at, reason, apiproxy, detail }: ExchangeFacts): Cause | null {
  if (at !== null) return { ...at, message: detail }
  const field = reason === null ? undefined : FIELDS_BY_REASON[reason]
  if (field === undefined || apiproxy === null) return null
  return { kind: 'ApiProxy', ...apiproxy, field, message: detail }
}
