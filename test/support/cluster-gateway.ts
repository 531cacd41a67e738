// A gateway process that watches a real API server, and what tests of it wait for.

import type { ApiObject, ApiServer } from './api-server.ts'
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import { httpRequest } from './http-client.ts'
import { waitUntil } from './wait-until.ts'

export interface ClusterGatewayOptions {
  /** Default: that of the administrator. */
  readonly kubeconfig?: string
  readonly flags?: Readonly<Record<string, string>>
  readonly otlpUrl?: string
  readonly waitUntilReady?: boolean
  readonly readyTimeoutMs?: number
  readonly env?: Readonly<Record<string, string | undefined>>
}

export async function startClusterGateway(
  server: ApiServer,
  { kubeconfig, flags = {}, ...options }: ClusterGatewayOptions = {},
): Promise<GatewayProcess> {
  return startGatewayProcess({
    ...options,
    flags: {
      'source.directory': '',
      'kubernetes.kubeconfig': kubeconfig ?? (await server.kubeconfig()),
      'proxy.enable_cluster_ip': 'true',
      'proxy.enable_endpoint_slices': 'false',
      ...flags,
    },
  })
}

/** Waits until a request gets that status and, where given, that text. */
export async function untilAnswered(
  gateway: Pick<GatewayProcess, 'port'>,
  path: string,
  expected: { readonly status: number; readonly text?: string; readonly host?: string },
  timeoutMs = 20_000,
): Promise<void> {
  let seen = ''
  await waitUntil(
    async () => {
      const headers =
        expected.host === undefined ? {} : { headers: [['host', expected.host]] as [string, string][] }
      const answer = await httpRequest(gateway.port, 'GET', path, headers)
      seen = `${answer.status} ${answer.text}`
      return (
        answer.status === expected.status &&
        (expected.text === undefined || answer.text.includes(expected.text))
      )
    },
    () => `${path} to be answered ${JSON.stringify(expected)}; it was ${seen}`,
    { timeoutMs, everyMs: 20 },
  )
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
  readonly lastTransitionTime: string
}

export interface StatusSeen {
  readonly resourceVersion: string
  readonly code: string | undefined
  readonly observedGeneration: number | undefined
  readonly conditions: Readonly<Record<string, Condition>>
}

/** The status of an object as the API server has it now. */
export function statusSeen(object: ApiObject): StatusSeen {
  const {
    code,
    observedGeneration,
    conditions = [],
  } = (object['status'] ?? {}) as {
    code?: string
    observedGeneration?: number
    conditions?: Condition[]
  }
  return {
    resourceVersion: object.metadata.resourceVersion ?? '',
    code,
    observedGeneration,
    conditions: Object.fromEntries(conditions.map((condition) => [condition.type, condition])),
  }
}

/** Waits until the status of an ApiProxy satisfies the predicate. */
export async function untilStatus(
  server: ApiServer,
  name: string,
  predicate: (status: StatusSeen) => boolean,
  timeoutMs = 20_000,
): Promise<StatusSeen> {
  let seen: StatusSeen | undefined
  return waitUntil(
    async () => {
      seen = statusSeen(await server.get('ApiProxy', 'shop', name))
      return predicate(seen) && seen
    },
    () => `the status of ${name}; it was ${JSON.stringify(seen)}`,
    { timeoutMs, everyMs: 50 },
  )
}

const meta = (name: string) => ({ name, namespace: 'shop' })

/** Objects of the namespace `shop`, as a person would write them. */
export const shop = {
  mockTarget: (name: string, body: string) => ({
    apiVersion: 'kanali.io/v2',
    kind: 'MockTarget',
    metadata: meta(name),
    spec: { routes: [{ path: '/', status: 200, body }] },
  }),
  apiProxy: (
    name: string,
    backend: object,
    more: { path?: string; host?: string; target?: object } = {},
  ) => ({
    apiVersion: 'kanali.io/v2',
    kind: 'ApiProxy',
    metadata: meta(name),
    spec: {
      source: { path: more.path ?? `/${name}`, ...(more.host !== undefined && { virtualHost: more.host }) },
      target: { path: '/', backend, ...more.target },
    },
  }),
  service: (name: string, clusterIP: string, port: number, labels: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...meta(name), labels },
    spec: { clusterIP, ports: [{ port }] },
  }),
  secret: (name: string, data: Readonly<Record<string, string>>, annotations: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...meta(name), annotations },
    stringData: data,
  }),
  mocked: (mockTargetName: string) => ({ mock: { mockTargetName } }),
}
