// Limits that hold across gateways: two processes and one real Redis admit exactly what the binding grants, however many
// ask at once; and while the store is killed and started again, nobody waits for ever.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiKeyBinding, apiProxy, mockTarget } from '../support/manifests.ts'
import { type Redis, startRedis } from '../support/redis.ts'

const AT_ONCE = 16
const QUOTA = 137
const RATE = 61

describeWithTools(['redis-server'], 'two gateways and one Redis', (binary) => {
  let redis: Redis
  let keys: KeyPair
  const gateways: GatewayProcess[] = []

  async function startGateway(): Promise<void> {
    const grant = { defaultRule: { global: true } }
    gateways.push(
      await startGatewayProcess({
        manifests: {
          'all.yaml': [
            mockTarget('ok').route('/', 200, 'ok').build(),
            apiProxy('open').at('/open').mock('ok').plugin('apikey', { bindingName: 'all' }).build(),
            keys.apiKey('counted', 'countedKey').build(),
            keys.apiKey('rated', 'ratedKey').build(),
            apiKeyBinding('all')
              .key('counted', { ...grant, quota: QUOTA })
              .key('rated', { ...grant, rate: { amount: RATE, unit: 'HOUR' } })
              .build(),
          ],
        },
        flags: {
          'plugins.apiKey.decryption_key_file': keys.file,
          'limits.redis_url': redis.url,
          'limits.store_timeout': '1s',
          'limits.on_store_failure': 'deny',
        },
      }),
    )
  }

  beforeAll(async () => {
    redis = await startRedis(binary ?? '', { appendOnly: true })
    keys = await keyPair()
    await startGateway()
    await startGateway()
  })
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop()
    await keys?.[Symbol.asyncDispose]()
    await redis?.stop()
  })

  /** Statuses of so many requests, spread over both gateways, several at once. */
  async function statuses(key: string, count: number): Promise<Map<number, number>> {
    const found = new Map<number, number>()
    let sent = 0
    const client = async (): Promise<void> => {
      while (sent < count) {
        const { port = 0 } = gateways[sent++ % gateways.length] ?? {}
        const { status } = await httpRequest(port, 'GET', '/open', { headers: { apikey: key } })
        found.set(status, (found.get(status) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, client))
    return found
  }

  test('grant a quota exactly, and go on counting after a restart of a gateway', async () => {
    expect(await statuses('countedKey', QUOTA - 7)).toEqual(new Map([[200, QUOTA - 7]]))
    await gateways.shift()?.stop()
    await startGateway()
    const rest = await statuses('countedKey', 60)
    expect(rest).toEqual(
      new Map([
        [200, 7],
        [429, 53],
      ]),
    )
  })

  test('grant a rate exactly', async () => {
    const found = await statuses('ratedKey', RATE + 60)
    expect(found.get(200)).toBe(RATE)
    expect(found.get(429)).toBe(60)
  })

  test('never let a request hang while the store is killed and started again', async () => {
    for (let round = 0; round < 2; round += 1) {
      await redis.kill()
      // Every one is answered: with 14, for nobody can tell what is left.
      expect((await statuses('ratedKey', 40)).get(429)).toBe(40)
      await redis.start()
      expect((await statuses('ratedKey', 40)).size).toBeGreaterThan(0)
    }
    const metrics = await gateways[0]?.metrics()
    expect(metrics).toMatch(/kanali_limit_fallbacks_total\{by="deny",cause="unreachable"\} [1-9]/)
    expect(metrics).toMatch(/kanali_limit_store_duration_seconds_count [1-9]/)
  })
})
