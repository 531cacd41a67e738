// The ways to be let in by a real API server: the pod's service account with a token that is renewed, tokens, token
// files, client certificates, exec plugins; and what is said where a kubeconfig cannot be used.

import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Access } from '../../src/kube/access.ts'
import { ApiClient } from '../../src/kube/api-client.ts'
import { connect } from '../../src/kube/connect.ts'
import { inClusterAccess } from '../../src/kube/in-cluster.ts'
import { kubeconfigAccess } from '../../src/kube/kubeconfig.ts'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { createAuthority } from '../support/certificates.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

let folder: TempFolder
beforeAll(async () => {
  folder = await tempFolder('access')
})
afterAll(() => folder.remove())

interface Parts {
  readonly cluster?: object
  readonly user?: object
}

const kubeconfig = (name: string, server: string, { cluster = {}, user = {} }: Parts) =>
  folder.write(
    `${name}.kubeconfig`,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, ...cluster } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'team-a' } }],
      'current-context': 'x',
    }),
  )

async function opened(file: string): Promise<Access> {
  const access = await kubeconfigAccess(file)
  if ('problem' in access) throw new Error(access.problem)
  return access
}

describe('a kubeconfig that cannot be used', () => {
  test.each([
    ['is not there', () => Promise.resolve('/nonexistent/kubeconfig'), 'ENOENT'],
    ['is no YAML', () => folder.write('bad', '{{'), 'kubernetes.kubeconfig'],
    [
      'names no context',
      () => folder.write('none', 'apiVersion: v1\nkind: Config\n'),
      'current context names no cluster',
    ],
    ['has a server that is no address', () => kubeconfig('odd', 'nowhere', {}), 'is no address'],
    [
      'has a SOCKS proxy',
      () => kubeconfig('socks', 'https://127.0.0.1:1', { cluster: { 'proxy-url': 'socks5://127.0.0.1:1' } }),
      'SOCKS',
    ],
  ])('%s: one line says so', async (_, make, says) => {
    const access = await kubeconfigAccess(await make())
    expect(access).toEqual({ problem: expect.stringContaining(says) })
    expect('problem' in access && access.problem.includes('\n')).toBe(false)
  })
})

test('outside of a pod, without a kubeconfig, one line says what to set', async () => {
  const answer = await connect({ 'kubernetes.kubeconfig': undefined }, { folder: folder.path, env: {} })
  expect(answer).toEqual({ problem: expect.stringContaining('source.directory') })
})

describeWithTools(['kube-apiserver', 'etcd'], 'a real API server', (apiserver, etcd) => {
  let server: ApiServer
  let ca: string
  const data = (text: string) => Buffer.from(text).toString('base64')

  beforeAll(async () => {
    server = await startApiServer(apiserver ?? '', etcd ?? '')
    ca = data(server.ca)
  })
  afterAll(() => server?.stop())

  /** As whom the server sees us; the status where it does not let us in. */
  async function whoAmI(client: ApiClient): Promise<string | number> {
    const answer = await client.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    })
    if (answer.type === 'unreachable') return answer.why
    const { status } = answer.body as { status?: { userInfo?: { username?: string } } | string }
    return (typeof status === 'object' ? status.userInfo?.username : undefined) ?? answer.status
  }

  const cluster = () => ({ 'certificate-authority-data': ca })

  test('lets a pod in, with the token of now', async () => {
    const token = path.join(folder.path, 'sa/token')
    await folder.write('sa/ca.crt', server.ca)
    await folder.write('sa/namespace', 'kanali\n')
    await folder.write('sa/token', 'expired')
    const { hostname, port } = new URL(server.url)
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
    const access = inClusterAccess({ folder: path.join(folder.path, 'sa'), env })
    expect(access?.namespace).toBe('kanali')
    if (access === undefined) throw new Error('no access')
    const client = new ApiClient(access)
    expect(await whoAmI(client)).toBe(401)
    await folder.write('sa/token', await server.serviceAccountToken('default', 'pod'))
    expect(await whoAmI(client)).toBe('system:serviceaccount:default:pod')
    expect(await readFile(token, 'utf8')).not.toBe('expired')
    await client.close()
  })

  test('is trusted by a pod as its authority of now says', async () => {
    await folder.write('rotating/ca.crt', createAuthority().certificate)
    await folder.write('rotating/token', server.adminToken)
    const { hostname, port } = new URL(server.url)
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
    const access = inClusterAccess({ folder: path.join(folder.path, 'rotating'), env })
    if (access === undefined) throw new Error('no access')
    const client = new ApiClient(access)
    expect(await whoAmI(client)).toMatch(/certificate|SELF_SIGNED|UNABLE/i)
    await folder.write('rotating/ca.crt', server.ca)
    expect(await whoAmI(client)).toBe('admin')
    await client.close()
  })

  test('is reached through the HTTP proxy that a kubeconfig names', async () => {
    const asked: string[] = []
    const proxy = createServer().on('connect', (request: IncomingMessage, socket: Duplex) => {
      asked.push(request.url ?? '')
      const { port } = new URL(`http://${request.url}`)
      const onward = connectTcp(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connected\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const end of [socket, onward])
        end.on('error', () => [socket, onward].map((each) => each.destroy()))
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const user = { token: server.adminToken }
    const file = await kubeconfig('proxied', server.url, {
      cluster: { ...cluster(), 'proxy-url': proxyUrl },
      user,
    })
    const client = new ApiClient(await opened(file))
    expect(await whoAmI(client)).toBe('admin')
    expect(asked).toEqual([new URL(server.url).host])
    await client.close()
    proxy.closeAllConnections()
    proxy.close()
  })

  test('lets in by a token, and by a token file that is renewed', async () => {
    const byToken = await kubeconfig('token', server.url, {
      cluster: cluster(),
      user: { token: server.adminToken },
    })
    expect(await whoAmI(new ApiClient(await opened(byToken)))).toBe('admin')
    await folder.write('tokens/one', 'expired')
    const user = { tokenFile: 'tokens/one' }
    const access = await opened(await kubeconfig('token-file', server.url, { cluster: cluster(), user }))
    const client = new ApiClient(access)
    expect(access.namespace).toBe('team-a')
    expect(await whoAmI(client)).toBe(401)
    await folder.write('tokens/one', `${server.adminToken}\n`)
    expect(await whoAmI(client)).toBe('admin')
  })

  test('lets in by a client certificate', async () => {
    const { certificate, key } = server.clients.client({ commonName: 'alice' })
    const user = { 'client-certificate-data': data(certificate), 'client-key-data': data(key) }
    expect(
      await whoAmI(
        new ApiClient(
          await opened(await kubeconfig('certificate', server.url, { cluster: cluster(), user })),
        ),
      ),
    ).toBe('alice')
  })

  test('lets in by an exec plugin, which is run again after a 401', async () => {
    const script = await folder.write(
      'plugin.mjs',
      `import { readFileSync } from 'node:fs'
const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO)
const token = readFileSync(${JSON.stringify(path.join(folder.path, 'exec-token'))}, 'utf8')
console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: 'ExecCredential', status: { token } }))`,
    )
    await folder.write('exec-token', 'expired')
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [script] }
    const client = new ApiClient(
      await opened(await kubeconfig('exec', server.url, { cluster: cluster(), user: { exec } })),
    )
    expect(await whoAmI(client)).toBe(401)
    await folder.write('exec-token', server.adminToken)
    expect(await whoAmI(client)).toBe('admin')
  })

  test('says what an exec plugin said where it fails', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', 'console.error("log in first"); process.exit(1)'],
    }
    const client = new ApiClient(
      await opened(await kubeconfig('exec-fails', server.url, { cluster: cluster(), user: { exec } })),
    )
    expect(await whoAmI(client)).toContain('log in first')
  })

  test('is not trusted by another authority, unless the kubeconfig says so', async () => {
    const user = { token: server.adminToken }
    const distrusting = new ApiClient(await opened(await kubeconfig('untrusted', server.url, { user })))
    expect(await whoAmI(distrusting)).toMatch(/certificate|SELF_SIGNED|UNABLE/i)
    const insecure = { 'insecure-skip-tls-verify': true }
    const trusting = new ApiClient(
      await opened(await kubeconfig('insecure', server.url, { cluster: insecure, user })),
    )
    expect(await whoAmI(trusting)).toBe('admin')
  })

  test('that is not there is unreachable, with why', async () => {
    const file = await kubeconfig('gone', 'https://127.0.0.1:1', { cluster: cluster(), user: { token: 'x' } })
    expect(await whoAmI(new ApiClient(await opened(file)))).toContain('ECONNREFUSED')
  })
})
