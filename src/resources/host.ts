// Host names and addresses in the one form in which they are compared: lower case, no brackets, no trailing dot.
// It must never look a name up.

const NAME_CHARACTERS_MAX = 253
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const OCTET = /^(?:0|[1-9][0-9]{0,2})$/
const NUMERIC_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/

/**
 * A host name, IPv4 address or IPv6 address (with or without brackets), normalised.
 * @returns undefined for anything else: a port, a wildcard, a zone, text that is not ASCII, `127.1`
 */
export function normaliseHost(text: string): string | undefined {
  if (text.length > NAME_CHARACTERS_MAX + 1) return undefined
  const lower = text.toLowerCase()
  if (lower.startsWith('[')) return lower.endsWith(']') ? normaliseIpv6(lower.slice(1, -1)) : undefined
  if (lower.includes(':')) return normaliseIpv6(lower)
  const name = lower.endsWith('.') ? lower.slice(0, -1) : lower
  if (name.length > NAME_CHARACTERS_MAX) return undefined
  const labels = name.split('.')
  if (!labels.every((label) => LABEL.test(label))) return undefined
  // A last label that is a number would be read as an address by resolvers, in forms that differ (127.1, 0x7f.1).
  if (NUMERIC_LABEL.test(labels.at(-1) ?? '')) return isIpv4(name) ? name : undefined
  return name
}

/** True for four decimal octets without leading zeros. */
export function isIpv4(text: string): boolean {
  const octets = text.split('.')
  return octets.length === 4 && octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255)
}

/** An IPv6 address without brackets in its shortest form (RFC 5952); undefined for anything else. */
export function normaliseIpv6(text: string): string | undefined {
  const lower = text.toLowerCase()
  if (!IPV6_CHARACTERS.test(lower) || !lower.includes(':')) return undefined
  return URL.parse(`http://[${lower}]/`)?.hostname.slice(1, -1)
}
