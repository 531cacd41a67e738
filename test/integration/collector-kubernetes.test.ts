// The Collectors of deploy/kubernetes/ with the files of otel/: under the rights that their manifests give they name the
// pod, the node and the Deployment of whoever sent a span, by its own word or by its connection; and go on without.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApiServer } from '../support/api-server.ts'
import { objectsOf } from '../support/deploy-manifests.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { newTraceId, sendSpans, type SentValue } from '../support/otlp-sender.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import type { ReceivedSpan } from '../support/received-span.ts'
import {
  type ShippedCollector,
  type ShippedOptions,
  startShippedCollector,
} from '../support/shipped-collector.ts'
import { waitUntil } from '../support/wait-until.ts'

const FAILED = { 'kanali.error.code': '08' }
/** What a gateway says of itself by gateway.yaml. */
const GATEWAY = { 'k8s.pod.name': 'kanali-6c45f8d6f6-abcde', 'k8s.namespace.name': 'kanali' }
const ENRICHED = {
  ...GATEWAY,
  'k8s.pod.uid': expect.stringMatching(/^[0-9a-f-]{36}$/),
  'k8s.node.name': 'node-1',
  'k8s.deployment.name': 'kanali',
}

describeWithTools(
  ['otelcol', 'kube-apiserver', 'etcd'],
  'Collectors on Kubernetes',
  (otelcol = '', apiserver, etcd) => {
    let server: ApiServer
    let backend: OtlpSink
    let kubeconfig = ''

    beforeAll(async () => {
      server = await startApiServer(apiserver ?? '', etcd ?? '')
      for (const object of await objectsOf('namespace.yaml')) await server.apply(object)
      const rights = (await objectsOf('collector.yaml')).filter(({ kind }) => /Account|Role/.test(kind ?? ''))
      for (const object of rights) await server.apply(object)
      kubeconfig = await server.kubeconfig(
        await server.serviceAccountToken('kanali', 'kanali-collector'),
        'collector',
      )
      await runPod(server, 'kanali', 'kanali-6c45f8d6f6', 'abcde', '10.0.0.7')
      await server.createNamespace('shop')
      // Whoever connects from this machine is this pod.
      await runPod(server, 'shop', 'reports-7d9c5b8f44', 'xyzab', '127.0.0.1')
      backend = await startOtlpSink()
    })
    afterAll(async () => {
      await backend?.stop()
      await server?.stop()
    })

    const start = (options: ShippedOptions): Promise<ShippedCollector> =>
      startShippedCollector(otelcol, {
        backendUrl: backend.httpUrl,
        ...options,
        env: {
          COLLECTOR_KUBERNETES_AUTH: 'kubeConfig',
          KUBECONFIG: kubeconfig,
          COLLECTOR_SHARE_PERCENT: '100',
          COLLECTOR_DECISION_WAIT: '1s',
          ...options.env,
        },
      })

    /** Sends spans of that sender until one comes out with the name of a Deployment: pods are listed behind the start. */
    const enriched = async (
      collector: ShippedCollector,
      sender: { readonly service: string; readonly resource?: Readonly<Record<string, SentValue>> },
      attributes: Readonly<Record<string, SentValue>>,
    ): Promise<ReceivedSpan> => {
      const traceId = newTraceId()
      return waitUntil(
        async () => {
          await sendSpans(collector.httpUrl, [{ traceId, attributes }], sender)
          return backend.received.find(
            (span) => span.traceId === traceId && 'k8s.deployment.name' in span.resource,
          )
        },
        () => `a span with a Deployment; ${collector.process.describe()}`,
        { timeoutMs: 20_000, everyMs: 200 },
      )
    }

    describe.each([
      ['one Collector', ['collector.yaml', 'kubernetes.yaml'], []],
      ['two tiers', ['two-tiers/first.yaml', 'two-tiers/kubernetes.yaml'], ['two-tiers/second.yaml']],
    ])('%s', (_, files, behind) => {
      const running: ShippedCollector[] = []
      let collector: ShippedCollector

      beforeAll(async () => {
        if (behind.length > 0) running.push(await start({ files: behind }))
        const env = { COLLECTOR_SECOND_TIER: running.map(({ grpcAddress }) => grpcAddress).join(',') }
        collector = await start({ files, env })
        running.unshift(collector)
      })
      afterAll(async () => {
        for (const one of running) await one.stop()
      })

      test.each([
        ['a failure', FAILED],
        ['a good request', { 'kanali.outcome': 'ok' }],
      ])('names the pod that a gateway says it is, on %s', async (__, attributes) => {
        const span = await enriched(collector, { service: 'kanali', resource: GATEWAY }, attributes)
        expect(span.resource).toMatchObject(ENRICHED)
      })

      test('names the pod that a span of an upstream came from', async () => {
        const span = await enriched(collector, { service: 'reports' }, FAILED)
        expect(span.resource).toMatchObject({
          'service.name': 'reports',
          'k8s.namespace.name': 'shop',
          'k8s.pod.name': 'reports-7d9c5b8f44-xyzab',
          'k8s.deployment.name': 'reports',
        })
      })

      test('is refused nothing that it asks for', () => {
        const refused = running.flatMap(({ process }) =>
          process.stderr.split('\n').filter((line) => /forbidden/i.test(line)),
        )
        expect(refused).toEqual([])
      })
    })

    test.each([
      ['read Secrets', 'list', 'secrets'],
      ['write pods', 'update', 'pods'],
    ])('under those rights nobody may %s', async (_, verb, resource) => {
      const { body } = await server.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: 'system:serviceaccount:kanali:kanali-collector',
            groups: ['system:serviceaccounts', 'system:authenticated'],
            resourceAttributes: { verb, resource, namespace: 'kanali' },
          },
        },
      })
      expect(body).toMatchObject({ status: { allowed: false } })
    })

    test('an API server that is away costs the names of pods, and no span', async () => {
      await server.stopServer()
      try {
        await using collector = await start({ files: ['collector.yaml', 'kubernetes.yaml'] })
        const traceId = newTraceId()
        await sendSpans(collector.httpUrl, [{ traceId, attributes: FAILED }], { resource: GATEWAY })
        const [span] = await backend.trace(traceId)
        expect(span?.resource).toEqual({ 'service.name': 'kanali', ...GATEWAY })
      } finally {
        await server.start()
      }
    })
  },
)

/** A pod of a Deployment's ReplicaSet, which runs with that address. */
async function runPod(
  server: ApiServer,
  namespace: string,
  replicaSet: string,
  suffix: string,
  podIP: string,
): Promise<void> {
  const name = `${replicaSet}-${suffix}`
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: replicaSet, uid: '1', controller: true }
  const securityContext = {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  }
  await server.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, ownerReferences: [owner] },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'none', securityContext }] },
  })
  const { status, body } = await server.request(
    'PATCH',
    `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    {
      body: { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } },
    },
  )
  expect(status, JSON.stringify(body)).toBe(200)
}
