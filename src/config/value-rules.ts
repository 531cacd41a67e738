// What particular values must look like beyond their kind: header names, address blocks, host names, addresses of pages.
// Each rule gives the normalised form, or undefined where the value breaks it.

import { isIP } from 'node:net'
import { isAddress, text, type ValueKind } from './value-kind.ts'

/** A field name of RFC 9110 section 5.1, in lower case. */
export function headerName(written: string): string | undefined {
  return /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/i.test(written) ? written.toLowerCase() : undefined
}

/** A CIDR block; a bare address gets the prefix that holds only it. */
export function addressBlock(written: string): string | undefined {
  const [address = '', prefix, ...rest] = written.split('/')
  if (!isAddress(address) || rest.length > 0) return undefined
  const longest = isIP(address) === 4 ? 32 : 128
  const bits = prefix ?? String(longest)
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > longest) return undefined
  return `${address.toLowerCase()}/${Number(bits)}`
}

/** A host name or an address without brackets, in lower case and without a port. */
export function hostName(written: string): string | undefined {
  if (isAddress(written)) return written.toLowerCase()
  return /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i.test(written) && written.length <= 253
    ? written.toLowerCase()
    : undefined
}

/** Where a listener binds. */
export const BIND_ADDRESS: ValueKind<string> = text(
  'address',
  'an IPv4 or IPv6 address without brackets, or a host name',
  (value) => hostName(value) !== undefined,
  trimmedLowerCase,
)

/** One header name. */
export const HEADER_NAME: ValueKind<string> = text(
  'name',
  'a header name',
  (value) => headerName(value) !== undefined,
  trimmedLowerCase,
)

/** A namespace of Kubernetes: an RFC 1123 label. */
export const NAMESPACE: ValueKind<string> = text(
  'name',
  'a namespace: at most 63 of a-z, 0-9 and -, with a letter or digit at both ends',
  isNamespace,
  (value) => value.trim(),
)

/** An RFC 1123 label. */
export function isNamespace(value: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value)
}

/** The address of a page that an anchor can be put behind. It goes into JSON bodies as it is. */
export const PAGE_ADDRESS: ValueKind<string> = text(
  'address',
  'an absolute http or https address of printable ASCII without a fragment',
  (value) => /^https?:\/\/[!$-;=?-[\]-~]+$/.test(value) && URL.canParse(value),
  (value) => value.trim(),
)

/** A host name or address with or without a port; an IPv6 address with a port has brackets. */
export function hostPort(written: string): string | undefined {
  const [, host = '', port] = /^(\[[^\]]*\]|[^[\]]*?)(?::(\d{1,5}))?$/.exec(written) ?? []
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined
  const name = hostName(host.replaceAll(/^\[|\]$/g, ''))
  if (name === undefined) return undefined
  const bracketed = name.includes(':') ? `[${name}]` : name
  return port === undefined ? bracketed : `${bracketed}:${Number(port)}`
}

/** The address of a Redis server, empty for none. It can hold a password. */
export const REDIS_ADDRESS: ValueKind<string> = {
  ...text(
    'url',
    'redis:// or rediss:// with host, and if need be user, password, port and the number of a database; empty for none',
    isRedisAddress,
    (value) => value.trim(),
  ),
  isSecret: true,
}

function isRedisAddress(written: string): boolean {
  if (written === '') return true
  if (!/^rediss?:\/\//.test(written) || !URL.canParse(written)) return false
  const { hostname, pathname, search, hash, username, password } = new URL(written)
  if (hostname === '' || search !== '' || hash !== '' || !/^(?:\/\d{0,5})?$/.test(pathname)) return false
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

function trimmedLowerCase(written: string): string {
  return written.trim().toLowerCase()
}
