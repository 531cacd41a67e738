// Header fields that neither a plugin nor a resource may set.

/** Fields that frame the message or belong to one connection, and the gateway's own; in lower case. */
export const UNTOUCHABLE_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-kanali-correlation-id',
])
