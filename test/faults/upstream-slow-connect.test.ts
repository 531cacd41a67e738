// A connection that takes longer than the whole request may: `proxy.upstream_timeout` then ends it before
// `proxy.connect_timeout` does, and the reason still says what was being waited for.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy } from '../support/manifests.ts'
import { startDeafUpstream, type DeafUpstream } from '../support/deaf-upstream.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

let gateway: GatewayProcess
let deaf: DeafUpstream
let mute: Upstream

beforeAll(async () => {
  deaf = await startDeafUpstream()
  mute = await startUpstream(() => undefined)
  gateway = await startGatewayProcess({
    flags: { 'proxy.upstream_timeout': '1s', 'proxy.connect_timeout': '60s' },
    manifests: {
      'all.yaml': [
        apiProxy('deaf').at('/deaf').toEndpoint(`http://127.0.0.1:${deaf.port}`).build(),
        apiProxy('mute').at('/mute').toEndpoint(`https://127.0.0.1:${mute.port}`).build(),
      ],
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await mute?.stop()
  await deaf?.[Symbol.asyncDispose]()
})

describe('a request that ends while its connection is being made', () => {
  it.each([
    ['/deaf', 'connection_timeout'],
    ['/mute', 'tls_handshake_failed'],
  ])('says what it waited for: %s %s', async (path, reason) => {
    const { status } = await httpRequest(gateway.port, 'GET', path)
    expect(status).toBe(502)
    const [line] = await gateway.accessLines((each) => each['path'] === path)
    expect(line).toMatchObject({ code: '08', reason, upstream_ms: null })
  })
})
