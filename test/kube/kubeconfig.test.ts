// Kubeconfigs that are broken or hostile, and programs that give credentials: what goes wrong is one line, nothing that
// was printed in confidence is in it, and nothing wrong is remembered.

import { chmod, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ExecCredentials, readExecPlugin } from '../../src/kube/exec-credential.ts'
import { kubeconfigAccess } from '../../src/kube/kubeconfig.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

let folder: TempFolder
beforeAll(async () => {
  folder = await tempFolder('kubeconfig')
})
afterAll(() => folder.remove())

let files = 0
const fileOf = (text: string) => folder.write(`config-${(files += 1)}`, text)

const configured = (cluster: object, user: object | null = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })

async function problemOf(text: string): Promise<string> {
  const access = await kubeconfigAccess(await fileOf(text))
  return 'problem' in access ? access.problem : 'none'
}

async function headersOf(text: string): Promise<Readonly<Record<string, string>>> {
  const access = await kubeconfigAccess(await fileOf(text))
  if ('problem' in access) throw new Error(access.problem)
  return (await access.credentials()).headers
}

/** A kubeconfig whose user's token is what this script of Node gives. */
const plugin = (script: string, more: object = {}) =>
  configured({}, { exec: { command: process.execPath, args: ['-e', script], ...more } })

const printing = (value: unknown) => `console.log(${JSON.stringify(JSON.stringify(value))})`

describe('a kubeconfig', () => {
  test.each([
    ['empty', '', 'input is empty'],
    ['a number', '7', 'names no cluster'],
    ['bytes', '\u0000\u0001', 'null byte'],
    ['another scheme', configured({ server: 'ftp://127.0.0.1' }), 'no address of http or https'],
    ['a proxy that is no address', configured({ 'proxy-url': 'nonsense' }), 'no address'],
    ['an exec plugin without a command', configured({}, { exec: {} }), 'has no command'],
    [
      'an exec plugin with odd args',
      configured({}, { exec: { command: 'x', args: 'y' } }),
      'no list of texts',
    ],
    [
      'an exec plugin with an odd env',
      configured({}, { exec: { command: 'x', env: { a: 1 } } }),
      'the env of',
    ],
  ])('that is or has %s: one line says so', async (_, text, says) => {
    const problem = await problemOf(text)
    expect(problem).toContain(says)
    expect(problem).not.toContain('\n')
  })

  test('with a password in the address of its server is refused without showing it: the address is logged', async () => {
    const problem = await problemOf(configured({ server: 'https://me:hidden@127.0.0.1:1' }))
    expect(problem).toContain('has a user name or a password in it')
    expect(problem).not.toContain('hidden')
  })

  test.each([
    ['a token', { token: 't' }, 'Bearer t'],
    ['a name and a password', { username: 'me', password: 'é' }, 'Basic bWU6w6k='],
    ['nobody', null, undefined],
  ])('lets in by %s', async (_, user, authorization) => {
    expect((await headersOf(configured({}, user)))['authorization']).toBe(authorization)
  })

  test('that is gone or half written while it runs keeps what was read', async () => {
    const file = await fileOf(configured({}, { token: 'first' }))
    const access = await kubeconfigAccess(file)
    if ('problem' in access) throw new Error(access.problem)
    const token = async () => {
      access.renew()
      return (await access.credentials()).headers['authorization']
    }
    const name = path.basename(file)
    await folder.write(name, configured({}, { token: 'second' }).slice(0, 50))
    expect(await token()).toBe('Bearer first')
    await folder.write(name, configured({}, { token: 'second' }))
    expect(await token()).toBe('Bearer second')
  })
})

describe('an exec plugin', () => {
  test('gives a token, and is found from the folder of the kubeconfig', async () => {
    const script = `#!${process.execPath}\n${printing({ status: { token: 'given' } })}\n`
    await chmod(await folder.write('bin/plugin', script), 0o755)
    const text = configured({}, { exec: { command: './bin/plugin', args: null, env: null } })
    expect((await headersOf(text))['authorization']).toBe('Bearer given')
  })

  test.each([
    ['a bare token', 'console.log("known-secret-token")', 'printed no ExecCredential'],
    ['null', printing(null), 'printed no ExecCredential'],
    ['an object without status', printing({}), 'printed no ExecCredential'],
    ['an empty status', printing({ status: {} }), 'printed no ExecCredential'],
    [
      'a certificate without its key',
      printing({ status: { clientCertificateData: 'known-secret-token' } }),
      'printed no ExecCredential',
    ],
    ['too much', 'process.stdout.write("known-secret-token".repeat(1e6))', 'more than 1048576 bytes'],
    [
      'its trouble',
      'console.error("\\nlog in first\\nat once"); process.exit(3)',
      'exit status 3: log in first',
    ],
  ])('that prints %s: one line says so and shows nothing of it', async (_, script, says) => {
    const failed = await headersOf(plugin(script)).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(Error)
    const { message } = failed as Error
    expect(message).toContain(says)
    expect(message).not.toContain('known-secret-token')
    expect(message).not.toContain('\n')
  })

  test('that is not there is one line', async () => {
    const text = configured({}, { exec: { command: '/nonexistent/plugin' } })
    await expect(headersOf(text)).rejects.toThrow('exec plugin /nonexistent/plugin: ENOENT')
  })

  const credentialsOf = (script: string, runMsMax?: number) =>
    new ExecCredentials(readExecPlugin({ command: process.execPath, args: ['-e', script] }, '/'), runMsMax)

  test('that hangs is ended, with what it started', async () => {
    const script = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'
    await expect(credentialsOf(script, 200).get()).rejects.toThrow('it did not end within 200 ms')
  })

  test('runs once for all who ask at once, and again only when its credential has expired', async () => {
    const log = path.join(folder.path, 'runs')
    const counting = (expires: string) =>
      `require('fs').appendFileSync(${JSON.stringify(log)}, 'x');` +
      printing({ status: { token: 't', expirationTimestamp: expires } })
    const runs = async () => (await readFile(log, 'utf8')).length
    const lasting = credentialsOf(counting('2999-01-01T00:00:00Z'))
    await Promise.all(Array.from({ length: 10 }, () => lasting.get()))
    await lasting.get()
    expect(await runs()).toBe(1)
    lasting.forget()
    await lasting.get()
    expect(await runs()).toBe(2)
    const expired = credentialsOf(counting('2000-01-01T00:00:00Z'))
    await expired.get()
    await expired.get()
    expect(await runs()).toBe(4)
  })

  test('that failed once is asked again', async () => {
    const flag = path.join(folder.path, 'flag')
    const script = `if (require('fs').existsSync(${JSON.stringify(flag)})) ${printing({ status: { token: 't' } })}; else ${printing({})}`
    const credentials = credentialsOf(script)
    await expect(credentials.get()).rejects.toThrow('no ExecCredential')
    await folder.write('flag', '')
    expect(await credentials.get()).toEqual({ token: 't' })
  })
})
