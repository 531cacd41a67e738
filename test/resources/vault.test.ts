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

it('shows nothing when it is printed or serialised', () => {
  const vault = new Vault()
  vault.put('a/tls#1', { key: Buffer.from('hunter2') })
  expect(JSON.stringify(vault)).toBe('{}')
  expect(Object.values(vault)).toEqual([])
})
