// The plugins that are part of the gateway, as facts like those of the files: without them, ApiProxies that name one
// would be told that it is missing.

import type { PluginFact, ResourceEvent } from '../events/event.ts'
import { BUILT_IN } from '../snapshot/compile-plugins.ts'

export const BUILT_IN_PLUGINS: readonly PluginFact[] = [
  { name: 'apikey', file: BUILT_IN, methods: ['onRequest'] },
  { name: 'jwt', file: BUILT_IN, methods: ['onRequest'] },
]

/** What only a running gateway knows, taken to be in order: the private key of api keys. For those who build without one. */
export function assumedDecryptionKey(source: string): ResourceEvent {
  return {
    type: 'decryption_key',
    source,
    observedAt: 0,
    key: { status: 'loaded', keyId: 'assumed', detail: '' },
    digests: {},
  }
}
