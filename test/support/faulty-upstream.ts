// One gateway process between a test and upstreams that misbehave: each with a route of its name, and a good one
// beside them, by which is seen that a fault harms nobody else.

import { expect } from 'vitest'
import { Exposition } from './exposition.ts'
import { startGatewayProcess, type GatewayOptions, type GatewayProcess } from './gateway-process.ts'
import { httpRequest } from './http-client.ts'
import { apiProxy, type Manifest } from './manifests.ts'
import { answers } from './upstream-scripts.ts'
import { startUpstream, type Script, type Upstream } from './upstream.ts'
import { waitUntil } from './wait-until.ts'

export class FaultyWorld implements AsyncDisposable {
  readonly gateway: GatewayProcess
  readonly #upstreams: ReadonlyMap<string, Upstream>

  constructor(gateway: GatewayProcess, upstreams: ReadonlyMap<string, Upstream>) {
    this.gateway = gateway
    this.#upstreams = upstreams
  }

  /** The upstream behind the route `/name`. */
  upstream(name: string): Upstream {
    const found = this.#upstreams.get(name)
    if (found === undefined) throw new Error(`no upstream ${name}`)
    return found
  }

  /** The access log line of the one request to that path. */
  async line(path: string) {
    const lines = await this.gateway.accessLines((line) => line['path'] === path)
    expect(lines, `lines of ${path}`).toHaveLength(1)
    return lines[0] ?? {}
  }

  /** Others are served, and nothing of the fault is still going on. */
  async expectUnharmed(): Promise<void> {
    const { status, text } = await httpRequest(this.gateway.port, 'GET', '/good')
    expect({ status, text }).toEqual({ status: 200, text: 'good' })
    await waitUntil(
      async () => {
        const metrics = new Exposition(await this.gateway.metrics(), 'text/plain')
        return metrics.value('kanali_requests_in_flight') === 0
      },
      'kanali_requests_in_flight to be 0',
      { timeoutMs: 20_000, everyMs: 50 },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.stop()
    for (const upstream of this.#upstreams.values()) await upstream.stop()
  }
}

const good: Script = answers('HTTP/1.1 200 Said\r\ncontent-length: 4\r\n\r\ngood')

/** Starts an upstream for each script, the gateway with a route to each, and the good one at `/good`. */
export async function startFaultyWorld(
  scripts: Readonly<Record<string, Script | readonly [Script, ...Script[]]>>,
  options: Pick<GatewayOptions, 'flags' | 'otlpUrl' | 'env'> = {},
): Promise<FaultyWorld> {
  const upstreams = new Map<string, Upstream>()
  const manifests: Manifest[] = []
  for (const [name, script] of Object.entries({ ...scripts, good })) {
    const upstream = await startUpstream(script)
    upstreams.set(name, upstream)
    manifests.push(apiProxy(name).at(`/${name}`).toEndpoint(upstream.url).build())
  }
  const gateway = await startGatewayProcess({ ...options, manifests: { 'all.yaml': manifests } })
  return new FaultyWorld(gateway, upstreams)
}
