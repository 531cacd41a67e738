// A compiled route as an operator reads it. It shows what a route leads to and why it fails, and never a value
// that may be secret: plugin configuration is redacted but for what a plugin declares public; handles of the vault and
// bodies of mocks are left out.

import type { Failure } from '../errors/failure.ts'
import { shownConfig } from '../plugins/shown-config.ts'
import type { CompiledPlugin, FailedTarget, Route, RouteTarget, Upstream } from '../snapshot/snapshot.ts'

interface FailureView {
  /** Two digits. */
  readonly code: string
  readonly reason: string
  readonly detail: string
}

export interface RouteView {
  readonly namespace: string
  readonly apiproxy: string
  readonly path: string
  /** Absent: any host. */
  readonly host?: string
  readonly targetPath: string
  readonly target: TargetView
  readonly plugins?: readonly PluginView[]
  /** What every request that gets there ends with, known before the first one. */
  readonly failure?: FailureView
}

interface UpstreamView {
  readonly type: 'upstream'
  /** `scheme://host:port`, at most 20. */
  readonly endpoints: readonly string[]
  readonly endpointsTotal: number
  readonly tls?: { readonly serverName: string; readonly bySecret: boolean }
}

type TargetView =
  | UpstreamView
  | { readonly type: 'failed' }
  | { readonly type: 'mock'; readonly name: string; readonly routesTotal: number }
  | {
      readonly type: 'dynamic'
      /** Labels whose value a request's header gives. */
      readonly byHeader: readonly { readonly label: string; readonly header: string }[]
      readonly candidates: readonly (UpstreamView | FailureView)[]
      readonly candidatesTotal: number
    }

interface PluginView {
  readonly name: string
  readonly version?: string
  readonly config: Readonly<Record<string, string>>
  readonly failure?: FailureView
}

const LIST_MAX = 20

export function routeView(route: Route): RouteView {
  const failure = readyFailure(route)
  return {
    namespace: route.namespace,
    apiproxy: route.apiproxy,
    path: route.path,
    ...(route.virtualHost === undefined ? {} : { host: route.virtualHost }),
    targetPath: route.targetPath,
    target: targetView(route.target),
    ...(route.plugins.length === 0 ? {} : { plugins: route.plugins.map(pluginView) }),
    ...(failure === undefined ? {} : { failure: failureView(failure) }),
  }
}

/** The failure that a request meets whatever is in it; the first in the order in which the exchange meets them. */
function readyFailure(route: Route): Failure | undefined {
  if (route.invalid !== undefined) return route.invalid
  const plugin = route.plugins.find(({ failure }) => failure !== undefined)
  return plugin?.failure ?? (route.target.type === 'failed' ? route.target.failure : undefined)
}

function targetView(target: RouteTarget): TargetView {
  switch (target.type) {
    case 'upstream':
      return upstreamView(target)
    case 'failed':
      return { type: 'failed' }
    case 'mock':
      return { type: 'mock', name: target.name, routesTotal: target.routes.length }
    case 'dynamic':
    default:
      return {
        type: 'dynamic',
        byHeader: target.byHeader.map(({ name, header }) => ({ label: name, header })),
        candidates: target.candidates.slice(0, LIST_MAX).map((candidate) => candidateView(candidate.target)),
        candidatesTotal: target.candidates.length,
      }
  }
}

function candidateView(target: Upstream | FailedTarget): UpstreamView | FailureView {
  return target.type === 'failed' ? failureView(target.failure) : upstreamView(target)
}

function upstreamView({ scheme, endpoints, tls }: Upstream): UpstreamView {
  return {
    type: 'upstream',
    endpoints: endpoints.slice(0, LIST_MAX).map(({ host, port }) => {
      return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
    }),
    endpointsTotal: endpoints.length,
    ...(tls === undefined
      ? {}
      : { tls: { serverName: tls.serverName, bySecret: tls.secretHandle !== undefined } }),
  }
}

function pluginView(plugin: CompiledPlugin): PluginView {
  const { name, version, failure } = plugin
  return {
    name,
    ...(version === undefined ? {} : { version }),
    config: shownConfig(plugin),
    ...(failure === undefined ? {} : { failure: failureView(failure) }),
  }
}

function failureView({ fact, detail }: Failure): FailureView {
  return { code: fact.codeText, reason: fact.reason, detail }
}
