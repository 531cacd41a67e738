import { expect, it } from 'vitest'
import { Vault } from '../../src/resources/vault.ts'

it('gives back what was put under a handle, and nothing for another', () => {
  const vault = new Vault()
  const material = { key: Buffer.from('k') }
  vault.put('a/tls#1', material)
  expect(vault.get('a/tls#1')).toBe(material)
  expect(vault.get('a/tls#2')).toBeUndefined()
})

it('forgets all that is not retained', () => {
  const vault = new Vault()
  for (const handle of ['1', '2', '3']) vault.put(handle, { ca: Buffer.from(handle) })
  vault.retain(new Set(['2', '4']))
  expect(['1', '2', '3', '4'].map((handle) => vault.get(handle)?.ca?.toString())).toEqual([
    undefined,
    '2',
    undefined,
    undefined,
  ])
})

it('follows the Secrets that are known, and looks at them only where they are others than the last time', () => {
  const vault = new Vault()
  const secretOf = (handle: string) => {
    const part = { state: 'parsed', dataKey: 'x' } as const
    const tls = { handle, certificate: part, key: part, ca: part, pairFits: true }
    const meta = { namespace: 'a', name: 'tls', labels: {}, annotations: {} }
    return { resource: { kind: 'Secret', meta, enabled: true, tls } as const }
  }
  let walks = 0
  const known = (...handles: string[]) => ({
    values: () => {
      walks += 1
      return handles.map(secretOf)
    },
  })
  vault.put('a/tls#1', {})
  vault.put('a/tls#2', {})
  const first = known('a/tls#1', 'a/tls#2')
  for (let event = 0; event < 1_000; event += 1) vault.follow(first)
  expect(walks).toBe(1)
  vault.follow(known('a/tls#2'))
  expect([vault.get('a/tls#1'), vault.get('a/tls#2')]).toEqual([undefined, {}])
})

it('shows nothing when it is printed or serialised', () => {
  const vault = new Vault()
  vault.put('a/tls#1', { key: Buffer.from('hunter2') })
  expect(JSON.stringify(vault)).toBe('{}')
  expect(Object.values(vault)).toEqual([])
})
