// Which header fields belong to one connection only and must not be passed on (RFC 9110 section 7.6.1), both ways.

/** Names that a Connection field may not take away: they carry the message itself. */
const NEVER_NAMED = new Set(['host', 'content-length'])

/** True for a field that is never passed on, whatever Connection says. Only names of a few lengths are looked at. */
export function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2:
      return name.toLowerCase() === 'te'
    case 7:
      return name.toLowerCase() === 'upgrade'
    case 10: {
      const lower = name.toLowerCase()
      return lower === 'connection' || lower === 'keep-alive'
    }
    case 14:
      return name.toLowerCase() === 'http2-settings'
    case 16:
      return name.toLowerCase() === 'proxy-connection'
    case 17:
      return name.toLowerCase() === 'transfer-encoding'
    case 18:
      return name.toLowerCase() === 'proxy-authenticate'
    case 19:
      return name.toLowerCase() === 'proxy-authorization'
    default:
      return false
  }
}

/** Lower-case names listed in every Connection field; undefined where there are none beyond close and keep-alive. */
export function namedByConnection(raw: readonly string[]): Set<string> | undefined {
  let named: Set<string> | undefined
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    const value = raw[at + 1] ?? ''
    if (value === 'keep-alive' || value === 'close') continue
    for (const token of value.split(',')) {
      const lower = token.trim().toLowerCase()
      if (lower === '' || lower === 'close' || lower === 'keep-alive' || NEVER_NAMED.has(lower)) continue
      named ??= new Set()
      named.add(lower)
    }
  }
  return named
}
