// What is measured: a running proxy with its port and process. Peers, and the gateway as it is used: every request
// traced and exported to a sink in a process of its own, metrics and access log on, many routes.

import { DEFAULT_OPTIONS, type Options } from '../../src/config/options.ts'
import { keyPair } from '../support/api-keys.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { RunningProcess } from '../support/running-process.ts'
import type { TempFolder } from '../support/temp-folder.ts'
import { answersAt } from './answers-at.ts'
import { inspectorPlace } from './inspected.ts'
import type { Peer } from './peers.ts'
import type { Placement } from './placement.ts'
import { guardedManifests, routeManifests } from './route-manifests.ts'
import { startSink } from './sink.ts'

export interface Target {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** Path of the requests. */
  readonly path: string
  /** Where its inspector listens once it is woken; absent where it is no Node program. */
  readonly inspectPort?: number
  /** What else a reader of the table must know, once all rounds are over. */
  remark?(): Promise<string>
  stop(): Promise<unknown>
}

/** The gateway with everything on. */
export interface TracedGateway {
  readonly gateway: GatewayProcess
  readonly inspectPort: number
  remark(): Promise<string>
  stop(): Promise<void>
}

export interface GatewaySetting {
  readonly upstreamPort: number
  readonly routes: number
  readonly where: Placement
  readonly flags?: Readonly<Record<string, string | number | boolean>>
}

/** Starts a peer and waits until it answers through to the upstream; says why where it is left out. */
export async function startPeer(
  peer: Peer,
  upstreamPort: number,
  folder: TempFolder,
  { proxy, others }: Placement,
): Promise<Target | { missing: string }> {
  const port = await freePort()
  const sink = peer.isTraced === true ? await startSink(others) : undefined
  const found = await peer.command({ port, upstreamPort, folder, sinkUrl: sink?.url ?? '' })
  if ('missing' in found) {
    await sink?.stop()
    return found
  }
  const inspector = await inspectorPlace()
  const [file = '', ...args] = [...proxy, ...found.command]
  const running = new RunningProcess(file, args, {
    env: { ...inspector.env, ...found.env },
    discardStdout: true,
  })
  const stop = async (): Promise<void> => {
    await running.stop()
    await sink?.stop()
  }
  try {
    await running.until(() => answersAt(port, '/'), `${peer.name} answers`, { timeoutMs: 30_000 })
  } catch (error) {
    await stop()
    return { missing: `${peer.name} did not start: ${(error as Error).message}` }
  }
  return {
    name: peer.name,
    port,
    pid: running.pid,
    path: '/',
    ...(peer.isNode === true ? { inspectPort: inspector.port } : {}),
    ...(sink === undefined ? {} : { remark: () => sink.said() }),
    stop,
  }
}

/** The name of a gateway with that transport; the default goes by the plain one. */
export function named(gateway: string, transport: Options['proxy.upstream_transport']): string {
  return transport === DEFAULT_OPTIONS['proxy.upstream_transport'] ? gateway : `${gateway}-${transport}`
}

/** The gateway without tracing: what tracing costs is the difference to the one with everything on. */
export async function startUntracedTarget(
  name: string,
  { upstreamPort, routes, where, flags = {} }: GatewaySetting,
): Promise<Target> {
  const inspector = await inspectorPlace()
  const gateway = await startGatewayProcess({
    flags,
    manifests: routeManifests(routes, upstreamPort),
    env: { NODE_ENV: 'production', ...inspector.env },
    prefix: where.proxy,
    discardAccessLog: true,
    readyTimeoutMs: 120_000,
  })
  await gateway.process.until(() => answersAt(gateway.port, '/bench'), 'the gateway answers')
  return {
    name,
    port: gateway.port,
    pid: gateway.process.pid,
    path: '/bench',
    inspectPort: inspector.port,
    stop: () => gateway.stop(),
  }
}

/**
 * Starts the gateway with everything on, and waits until a request goes through. Throws where it does not. With the
 * transport that is not the default it is measured on the plain route alone, under a name that says so.
 */
export async function startGatewayTarget(
  setting: GatewaySetting,
  transport: Options['proxy.upstream_transport'],
): Promise<Target[]> {
  const traced = await startTracedGateway({
    ...setting,
    flags: { ...setting.flags, 'proxy.upstream_transport': transport },
  })
  const { gateway, inspectPort } = traced
  const process = { port: gateway.port, pid: gateway.process.pid, inspectPort }
  const remark = (): Promise<string> => traced.remark()
  const stop = (): Promise<void> => traced.stop()
  if (transport !== DEFAULT_OPTIONS['proxy.upstream_transport']) {
    return [{ name: named('kanali', transport), ...process, path: '/bench', remark, stop }]
  }
  return [
    { name: 'kanali', ...process, path: '/bench', remark, stop },
    { name: 'kanali+apikey', ...process, path: '/guarded', stop: () => Promise.resolve() },
  ]
}

/** The gateway with a sink for its spans, the route `/bench` among others, and `/guarded` behind an api key. */
export async function startTracedGateway({
  upstreamPort,
  routes,
  where,
  flags = {},
}: GatewaySetting): Promise<TracedGateway> {
  const sink = await startSink(where.others)
  try {
    const keys = await keyPair()
    const inspector = await inspectorPlace()
    const gateway = await startGatewayProcess({
      manifests: {
        ...routeManifests(routes, upstreamPort),
        'guarded.yaml': guardedManifests(upstreamPort, keys),
      },
      flags: { 'plugins.apiKey.decryption_key_file': keys.file, ...flags },
      otlpUrl: sink.url,
      env: { NODE_ENV: 'production', OTEL_BSP_SCHEDULE_DELAY: undefined, ...inspector.env },
      prefix: where.proxy,
      discardAccessLog: true,
      readyTimeoutMs: 120_000,
    })
    await gateway.process.until(() => answersAt(gateway.port, '/bench'), 'the gateway answers')
    return {
      gateway,
      inspectPort: inspector.port,
      remark: async () => {
        const metrics = await gateway.metrics()
        const dropped = metrics
          .split('\n')
          .filter((line) => line.startsWith('kanali_telemetry_dropped_total'))
        return `${await sink.said()}; dropped: ${dropped.join(', ') || 'not counted'}`
      },
      stop: async () => {
        await gateway.stop()
        await sink.stop()
        await keys[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await sink.stop()
    throw error
  }
}
