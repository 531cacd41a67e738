// The definitions of our kinds in a real API server: what they let through, what they refuse and how they say so, what
// they print, and how the gateway ensures them.

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ApiClient } from '../../src/kube/api-client.ts'
import { ensureCrds } from '../../src/kube/ensure-crds.ts'
import { kubeconfigAccess } from '../../src/kube/kubeconfig.ts'
import { CRD_VERSION_ANNOTATION, CRDS } from '../../src/resources/crds/crds.ts'
import { type ApiObject, type ApiServer, pathOf, startApiServer, waitForCrds } from '../support/api-server.ts'
import { BAD_EXAMPLES, GOOD_EXAMPLES } from '../support/crd-examples.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const QUICKSTART = path.join(import.meta.dirname, '../../deploy/examples/quickstart')

describeWithTools(['kube-apiserver', 'etcd'], 'definitions in a real API server', (apiserver, etcd) => {
  let server: ApiServer
  const said: string[] = []
  const log = {
    info: (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`),
    warn: (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`),
  }

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
  })
  afterAll(() => server?.stop())

  async function ensure(kubeconfig: string): Promise<void> {
    const access = await kubeconfigAccess(kubeconfig)
    if ('problem' in access) throw new Error(access.problem)
    const client = new ApiClient(access)
    await ensureCrds({ client, log, signal: AbortSignal.timeout(30_000) })
    await client.close()
  }

  const definition = async (name: string) =>
    (await server.request('GET', `${DEFINITIONS}/${name}`)).body as unknown as ApiObject

  test('are left alone by whoever may not install them', async () => {
    await ensure(await server.kubeconfig(await server.serviceAccountToken('default', 'nobody'), 'nobody'))
    expect(said.splice(0).join()).toContain('left to whoever may install them')
    expect((await definition('apiproxies.kanali.io')).metadata.uid).toBeUndefined()
  })

  test('are installed by whoever may, without a warning, and then served', async () => {
    for (const body of CRDS) {
      const target = `${DEFINITIONS}/${body.metadata.name}?fieldManager=test&dryRun=All`
      const answer = await server.request('PATCH', target, { body, type: 'application/apply-patch+yaml' })
      expect(answer).toMatchObject({ status: 201, warnings: [] })
    }
    await ensure(await server.kubeconfig())
    await waitForCrds(server)
    expect(said.splice(0)).toHaveLength(4)
  })

  test('are renewed where they are older and left alone where they are newer', async () => {
    const name = 'apikeys.kanali.io'
    const annotate = (version: string) =>
      server.request('PATCH', `${DEFINITIONS}/${name}`, {
        body: { metadata: { annotations: { [CRD_VERSION_ANNOTATION]: version } } },
      })
    const versionNow = async () =>
      ((await definition(name)).metadata['annotations'] as Record<string, string>)[CRD_VERSION_ANNOTATION]
    await annotate('0')
    await ensure(await server.kubeconfig())
    expect(await versionNow()).toBe(CRDS[0]?.metadata.annotations[CRD_VERSION_ANNOTATION])
    await annotate('999')
    await ensure(await server.kubeconfig())
    expect(await versionNow()).toBe('999')
    said.splice(0)
  })

  const dryRun = (manifest: object) => {
    const collection = path.posix.dirname(pathOf(manifest as ApiObject))
    return server.request('POST', `${collection}?fieldManager=test&dryRun=All&fieldValidation=Strict`, {
      body: manifest,
    })
  }

  test.each(GOOD_EXAMPLES)('let %s through', async (_, manifest) => {
    expect(await dryRun(manifest)).toMatchObject({ status: 201, warnings: [] })
  })

  test.each(BAD_EXAMPLES)('refuse %s, and say why', async (_, manifest, says) => {
    const { status, body } = await dryRun(manifest)
    expect([400, 422]).toContain(status)
    expect(body['message']).toContain(says)
  })

  test('let every example of the quickstart through that is not bad on purpose', async () => {
    await server.createNamespace('demo')
    let seen = 0
    for (const file of await readdir(QUICKSTART, { recursive: true })) {
      if (!file.endsWith('.yaml')) continue
      for (const document of parseAllDocuments(await readFile(path.join(QUICKSTART, file), 'utf8'))) {
        const manifest = document.toJS() as ApiObject | null
        if (manifest?.apiVersion !== 'kanali.io/v2' || manifest.metadata.name.includes('invalid')) continue
        seen += 1
        expect(await dryRun(manifest), manifest.metadata.name).toMatchObject({ status: 201 })
      }
    }
    expect(seen).toBeGreaterThan(5)
  })

  test('give a target path its default and keep a status apart from the spec', async () => {
    const manifest = {
      apiVersion: 'kanali.io/v2',
      kind: 'ApiProxy',
      metadata: { name: 'plain', namespace: 'default' },
      spec: { source: { path: '/plain' }, target: { backend: { endpoint: 'http://a' } } },
      status: { code: '06' },
    }
    const made = await server.apply(manifest)
    expect(made).toMatchObject({ spec: { target: { path: '/' } } })
    expect(made['status']).toBeUndefined()
    const target = `${pathOf(manifest)}/status`
    const { status, body } = await server.request('PATCH', target, { body: { status: { code: '06' } } })
    expect({ status, code: (body['status'] as { code: string }).code }).toEqual({ status: 200, code: '06' })
  })

  test('print host, path, backend, readiness, code and age', async () => {
    const { body } = await server.request('GET', '/apis/kanali.io/v2/namespaces/default/apiproxies', {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })
    const table = body as unknown as {
      columnDefinitions: { name: string; priority: number }[]
      rows: { cells: unknown[] }[]
    }
    const columns = table.columnDefinitions.filter(({ priority }) => priority === 0).map(({ name }) => name)
    expect(columns).toEqual(['Name', 'Host', 'Path', 'Backend', 'Ready', 'Code', 'Age'])
    expect(table.rows[0]?.cells.slice(0, 6)).toEqual([
      'plain',
      null,
      '/plain',
      '{"endpoint":"http://a"}',
      null,
      '06',
    ])
  })
})
