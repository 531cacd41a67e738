// The API server that the other tests here rely on does what they ask of it: writes, tokens, restarts, lost history.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'

describeWithTools(['kube-apiserver', 'etcd'], 'a real API server', (apiserver, etcd) => {
  let server: ApiServer
  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
  })
  afterAll(() => server?.stop())

  const configMap = (value: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'default' },
    data: { value },
  })

  test('keeps what is applied, over a restart', async () => {
    const applied = await server.apply(configMap('1'))
    await server.stopServer()
    await server.start()
    expect(await server.get('ConfigMap', 'default', 'a')).toEqual(applied)
    await server.delete('ConfigMap', 'default', 'a')
    await expect(server.get('ConfigMap', 'default', 'a')).rejects.toThrow('404')
  })

  test('gives tokens that may nothing until someone says so', async () => {
    const token = await server.serviceAccountToken('default', 'nobody')
    const answer = await server.request('GET', '/api/v1/secrets', { token })
    expect(answer).toMatchObject({ status: 403, body: { reason: 'Forbidden' } })
  })

  test('answers 410 to a watch from before a compaction and a restart', async () => {
    await server.apply(configMap('2'))
    await server.compact()
    await server.stopServer()
    await server.start()
    const answer = await server.request(
      'GET',
      '/api/v1/configmaps?watch=1&resourceVersion=1&timeoutSeconds=1',
    )
    expect(answer.body).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  })
})
