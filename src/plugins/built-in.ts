// The plugins that are part of the gateway, as facts like those of the files: without them, ApiProxies that name one
// would be told that it is missing.

import type { PluginFact } from '../events/event.ts'
import { BUILT_IN } from '../snapshot/compile-plugins.ts'

export const BUILT_IN_PLUGINS: readonly PluginFact[] = [
  { name: 'apikey', file: BUILT_IN, methods: ['onRequest'] },
  { name: 'jwt', file: BUILT_IN, methods: ['onRequest'] },
]
