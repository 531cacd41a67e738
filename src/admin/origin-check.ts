// Decides whether a request to a debug page may have been made by a web page that has no business there.
// A browser on the operator's machine reaches localhost too: by a name that was rebound to 127.0.0.1 (seen in Host),
// or straight, from another site's page (seen in Origin and Sec-Fetch-Site). Pure; it never looks at the network.

import { isIP } from 'node:net'

/** Why a request is refused, or undefined where it may pass. */
export interface OriginRefusal {
  readonly error: 'host_not_allowed' | 'cross_origin'
  readonly message: string
}

export interface OriginFields {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
}

/**
 * `allowedHosts` holds names beside localhost and IP literals, which always pass: rebinding needs a name
 * (an IP literal in Host means that the browser connected to that very address).
 */
export function checkOrigin(
  fields: OriginFields,
  allowedHosts: readonly string[],
): OriginRefusal | undefined {
  const name = hostName(fields.host ?? '')
  const allowed = allowedHosts.some((entry) => withoutDot(entry.toLowerCase()) === name)
  if (name === undefined || !(name === 'localhost' || isIP(name) !== 0 || allowed)) {
    return {
      error: 'host_not_allowed',
      message:
        'The Host field must be localhost, an IP address or a name listed in the option profiling.allowed_hosts ' +
        '(protection against DNS rebinding).',
    }
  }
  if (fromElsewhere(fields)) {
    return {
      error: 'cross_origin',
      message: 'This page does not answer requests that a browser makes for another site.',
    }
  }
  return undefined
}

/** Lower-case name of a Host field without port, brackets and final dot; undefined where it is not a valid one. */
function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/.exec(host.toLowerCase())
  if (match === null) return undefined
  const [, bracketed, plain] = match
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : undefined
  return plain === undefined ? undefined : withoutDot(plain)
}

function withoutDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function fromElsewhere({ host, origin, secFetchSite }: OriginFields): boolean {
  // `none` is an address typed by the user; programs other than browsers send no such field (Fetch Metadata).
  if (secFetchSite !== undefined && secFetchSite !== 'none' && secFetchSite !== 'same-origin') return true
  if (origin === undefined) return false
  const parsed = URL.parse(origin)
  return parsed === null || parsed.host !== host?.toLowerCase()
}
