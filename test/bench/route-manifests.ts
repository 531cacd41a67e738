// The manifests of the gateway under test: the route that is measured among many others, and the same behind a guard.

import { type KeyPair } from '../support/api-keys.ts'
import { apiKeyBinding, apiProxy } from '../support/manifests.ts'
import { BENCH_KEY } from './load.ts'

const MANIFESTS_A_FILE = 100

/** The route `/bench` and `count - 1` others, in files of a size that a person might write. */
export function routeManifests(count: number, upstreamPort: number): Record<string, object[]> {
  const routes = Array.from({ length: count }, (_, index) => {
    const name = index === 0 ? 'bench' : `team-${index % 97}-service-${index}`
    const source = index === 0 ? '/bench' : `/team-${index % 97}/service-${index}`
    return {
      apiVersion: 'kanali.io/v2',
      kind: 'ApiProxy',
      metadata: { name, namespace: 'bench' },
      spec: {
        source: { path: source },
        target: { path: '/', backend: { endpoint: `http://127.0.0.1:${upstreamPort}` } },
      },
    }
  })
  const files: Record<string, object[]> = {}
  for (let at = 0; at < count; at += MANIFESTS_A_FILE) {
    files[`routes-${at}.yaml`] = routes.slice(at, at + MANIFESTS_A_FILE)
  }
  return files
}

/** The route `/guarded` behind the apikey guard, with rules as a person might write them. */
export function guardedManifests(upstreamPort: number, keys: KeyPair): object[] {
  return [
    keys.apiKey('bench', BENCH_KEY).build(),
    apiKeyBinding('bench')
      .inNamespace('bench')
      .key('bench', {
        defaultRule: { granular: { verbs: ['GET', 'HEAD'] } },
        subpaths: [
          { path: '/admin', rule: {} },
          { path: '/orders/[0-9]+/cancel', rule: { global: true } },
        ],
      })
      .build(),
    apiProxy('guarded')
      .inNamespace('bench')
      .at('/guarded')
      .toEndpoint(`http://127.0.0.1:${upstreamPort}`)
      .plugin('apikey', { bindingName: 'bench' })
      .build(),
  ]
}
