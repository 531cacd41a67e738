// The lease against a real API server: never two holders at once, whatever happens to one of them.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient, type ApiRequest } from '../../src/kube/api-client.ts'
import { kubeconfigAccess } from '../../src/kube/kubeconfig.ts'
import { Lease } from '../../src/kube/lease.ts'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { waitUntil } from '../support/wait-until.ts'

const TIMING = { durationMs: 1_000, everyMs: 100 }

describeWithTools(['kube-apiserver', 'etcd'], 'a lease of a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let client: ApiClient

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    const access = await kubeconfigAccess(await server.kubeconfig())
    if ('problem' in access) throw new Error(access.problem)
    client = new ApiClient(access)
  })
  afterAll(async () => {
    await client?.close()
    await server?.stop()
  })

  /** What happened, in order: `a holds`, `a gives up`. */
  interface Contender {
    readonly lease: Lease
    /** Whether requests of his get through: none at once, or none ever answered. */
    network: 'well' | 'cut off' | 'silent'
  }

  function contender(identity: string, name: string, told: string[]): Contender {
    const one: Contender = {
      network: 'well',
      lease: new Lease({
        client: {
          request: async (request: ApiRequest) => {
            if (one.network === 'well') return client.request(request)
            if (one.network === 'silent') await aborted(request.signal)
            return { type: 'unreachable', why: 'away on purpose' } as const
          },
        },
        namespace: 'default',
        name,
        identity,
        onChange: (holds) => void told.push(`${identity} ${holds ? 'holds' : 'gives up'}`),
        log: { info: () => undefined, warn: () => undefined },
        timing: TIMING,
      }),
    }
    one.lease.start()
    return one
  }

  test.each(['cut off', 'silent'] as const)(
    'one of many gets it; when his network is %s he gives up before another takes over',
    async (network) => {
      const told: string[] = []
      const name = `lease-${randomUUID()}`
      const all = ['a', 'b', 'c', 'd'].map((identity) => contender(identity, name, told))
      await waitUntil(() => told.length > 0, 'a holder')
      const first = all.find(({ lease }) => lease.holds)
      expect(all.filter(({ lease }) => lease.holds)).toHaveLength(1)
      if (first !== undefined) first.network = network
      await waitUntil(() => told.length >= 3, 'another holder')
      expect(told.map((text) => text.slice(2))).toEqual(['holds', 'gives up', 'holds'])
      expect(told[1]?.[0]).toBe(told[0]?.[0])
      expect(told[2]?.[0]).not.toBe(told[0]?.[0])
      // Back again, he finds another's lease and leaves it.
      if (first !== undefined) first.network = 'well'
      for (const { lease } of all) await lease.stop()
      expect(
        told.filter((text) => text.endsWith('holds')).length -
          told.filter((text) => text.endsWith('up')).length,
      ).toBe(0)
    },
  )

  test('who ends while the server says nothing ends all the same, and the lease is free later', async () => {
    const told: string[] = []
    const name = `lease-${randomUUID()}`
    const a = contender('a', name, told)
    await waitUntil(() => a.lease.holds, 'the holder')
    a.network = 'silent'
    const b = contender('b', name, told)
    await a.lease.stop()
    await waitUntil(() => b.lease.holds, 'the next')
    await b.lease.stop()
    expect(told).toEqual(['a holds', 'a gives up', 'b holds', 'b gives up'])
  })

  test('who ends gives it back, and the next has it at once', async () => {
    const told: string[] = []
    const name = `lease-${randomUUID()}`
    const a = contender('a', name, told)
    await waitUntil(() => a.lease.holds, 'the holder')
    const b = contender('b', name, told)
    await a.lease.stop()
    await waitUntil(() => b.lease.holds, 'the next')
    const { body } = (await client.request({
      method: 'GET',
      path: `/apis/coordination.k8s.io/v1/namespaces/default/leases/${name}`,
    })) as { body: { spec: Record<string, unknown> } }
    expect(body.spec).toMatchObject({
      holderIdentity: 'b',
      leaseDurationSeconds: 1,
      leaseTransitions: expect.any(Number),
    })
    await b.lease.stop()
    expect(told).toEqual(['a holds', 'a gives up', 'b holds', 'b gives up'])
  })
})

/** Resolves once the signal aborts; never where there is none. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve()
    else signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}
