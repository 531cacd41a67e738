// A transport before an upstream that does as it is told: what every contract of the transports begins with.

import { transportWorld, type TransportName, type TransportWorld, type WorldOptions } from './transports.ts'
import { startUpstream, type Script, type Upstream, type UpstreamOptions } from './upstream.ts'

export interface BeforeUpstream extends AsyncDisposable {
  readonly upstream: Upstream
  readonly asked: TransportWorld
}

/** Starts both; disposing ends the transport first, then the upstream. */
export async function beforeUpstream(
  name: TransportName,
  script: Script | readonly [Script, ...Script[]],
  world: WorldOptions = {},
  upstreamOptions: UpstreamOptions = {},
): Promise<BeforeUpstream> {
  const upstream = await startUpstream(script, upstreamOptions)
  const asked = await transportWorld(name, upstream.port, world)
  return {
    upstream,
    asked,
    async [Symbol.asyncDispose]() {
      await asked[Symbol.asyncDispose]()
      await upstream.stop()
    },
  }
}
