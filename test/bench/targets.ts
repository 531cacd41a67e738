// What is measured: a running proxy with its port and process. Peers, and the gateway as it is used: every request
// traced and exported to a sink in a process of its own, metrics and access log on, many routes.

import path from 'node:path'
import { DEFAULT_OPTIONS, type Options } from '../../src/config/options.ts'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { freePort } from '../support/free-ports.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { apiKeyBinding, apiProxy } from '../support/manifests.ts'
import { RunningProcess } from '../support/running-process.ts'
import type { TempFolder } from '../support/temp-folder.ts'
import { answersAt } from './answers-at.ts'
import { BENCH_KEY } from './load.ts'
import type { Peer } from './peers.ts'
import type { Placement } from './placement.ts'

export interface Target {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** Path of the requests. */
  readonly path: string
  /** What else a reader of the table must know, once all rounds are over. */
  remark?(): Promise<string>
  stop(): Promise<unknown>
}

const MANIFESTS_A_FILE = 100

/** Starts a peer and waits until it answers through to the upstream; says why where it is left out. */
export async function startPeer(
  peer: Peer,
  upstreamPort: number,
  folder: TempFolder,
  prefix: readonly string[],
): Promise<Target | { missing: string }> {
  const port = await freePort()
  const found = await peer.command(port, upstreamPort, folder)
  if ('missing' in found) return found
  const [file = '', ...args] = [...prefix, ...found.command]
  const running = new RunningProcess(file, args, { env: { ...found.env } })
  try {
    await running.until(() => answersAt(port, '/'), `${peer.name} answers`)
  } catch (error) {
    await running.stop()
    return { missing: `${peer.name} did not start: ${(error as Error).message}` }
  }
  return { name: peer.name, port, pid: running.pid, path: '/', stop: () => running.stop() }
}

/** The name of a gateway with that transport; the default goes by the plain one. */
export function named(gateway: string, transport: Options['proxy.upstream_transport']): string {
  return transport === DEFAULT_OPTIONS['proxy.upstream_transport'] ? gateway : `${gateway}-${transport}`
}

/** The gateway without tracing, all else on: what tracing costs is the difference. */
export async function startUntracedTarget(
  upstreamPort: number,
  routeCount: number,
  { proxy }: Placement,
  transport: Options['proxy.upstream_transport'],
): Promise<Target> {
  const gateway = await startGatewayProcess({
    flags: { 'proxy.upstream_transport': transport },
    manifests: routeManifests(routeCount, upstreamPort),
    env: { NODE_ENV: 'production' },
    prefix: proxy,
    discardAccessLog: true,
    readyTimeoutMs: 120_000,
  })
  await gateway.process.until(() => answersAt(gateway.port, '/bench'), 'the gateway answers')
  return {
    name: named('kanali-untraced', transport),
    port: gateway.port,
    pid: gateway.process.pid,
    path: '/bench',
    stop: () => gateway.stop(),
  }
}

/**
 * Starts the sink and the gateway, and waits until a request goes through. Throws where the gateway does not. With the
 * transport that is not the default it is measured on the plain route alone, under a name that says so.
 */
export async function startGatewayTarget(
  upstreamPort: number,
  routeCount: number,
  { proxy, others }: Placement,
  transport: Options['proxy.upstream_transport'],
): Promise<Target[]> {
  const sinkPort = await freePort()
  const sinkScript = path.join(import.meta.dirname, 'discard-sink.ts')
  const [file, ...args] = [...others, process.execPath, sinkScript, String(sinkPort)]
  const sink = new RunningProcess(file, args)
  try {
    await sink.until(() => answersAt(sinkPort, '/'), 'the sink answers')
    const keys = await keyPair()
    const gateway = await startGatewayProcess({
      manifests: {
        ...routeManifests(routeCount, upstreamPort),
        'guarded.yaml': guardedManifests(upstreamPort, keys),
      },
      flags: {
        'plugins.apiKey.decryption_key_file': keys.file,
        'proxy.upstream_transport': transport,
      },
      otlpUrl: `http://127.0.0.1:${sinkPort}`,
      env: { NODE_ENV: 'production', OTEL_BSP_SCHEDULE_DELAY: undefined },
      prefix: proxy,
      discardAccessLog: true,
      readyTimeoutMs: 120_000,
    })
    await gateway.process.until(() => answersAt(gateway.port, '/bench'), 'the gateway answers')
    const stop = async (): Promise<void> => {
      await gateway.stop()
      await sink.stop()
      await keys[Symbol.asyncDispose]()
    }
    const remark = async (): Promise<string> => {
      const sunk = await fetch(`http://127.0.0.1:${sinkPort}/`).then((response) => response.text())
      const metrics = await gateway.metrics()
      const dropped = metrics.split('\n').filter((line) => line.startsWith('kanali_telemetry_dropped_total'))
      return `the sink took ${sunk}; dropped: ${dropped.join(', ') || 'not counted'}`
    }
    const process = { port: gateway.port, pid: gateway.process.pid }
    if (transport !== DEFAULT_OPTIONS['proxy.upstream_transport']) {
      return [{ name: named('kanali', transport), ...process, path: '/bench', remark, stop }]
    }
    return [
      { name: 'kanali', ...process, path: '/bench', remark, stop },
      { name: 'kanali+apikey', ...process, path: '/guarded', stop: () => Promise.resolve() },
    ]
  } catch (error) {
    await sink.stop()
    throw error
  }
}

/** The same route behind the apikey guard, with rules as a person might write them. */
function guardedManifests(upstreamPort: number, keys: KeyPair): object[] {
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

/** The route that is measured and `count - 1` others, in files of a size that a person might write. */
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
