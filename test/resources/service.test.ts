import { describe, expect, it } from 'vitest'
import { resourceOf, service } from '../support/manifests.ts'

describe('a Service', () => {
  it('is read with its address and ports', () => {
    const manifest = service('s').clusterIP('10.0.0.1').port(80, 'http').port(81)
    expect(resourceOf(manifest)).toMatchObject({
      kind: 'Service',
      clusterIP: '10.0.0.1',
      ports: [
        { name: 'http', port: 80 },
        { name: '', port: 81 },
      ],
    })
  })

  it.each(['None', '', null])('has no address where its clusterIP is %j', (clusterIP) => {
    expect(resourceOf(service('s').patched('spec.clusterIP', clusterIP))).not.toHaveProperty('clusterIP')
  })

  it('may have an empty spec, or none', () => {
    expect(resourceOf(service('s'))).toMatchObject({ ports: [] })
    expect(resourceOf(service('s').patched('spec', {}))).toMatchObject({ ports: [] })
  })

  it('ignores fields that it does not know', () => {
    expect(resourceOf(service('s').port(80).patched('spec.type', 7).patched('status', 'x'))).toHaveProperty(
      'ports',
    )
  })

  it.each([
    ['spec', []],
    ['spec.clusterIP', 'nowhere'],
    ['spec.clusterIP', 5],
    ['spec.ports', {}],
    ['spec.ports[0]', ['80']],
    ['spec.ports[0].port', [{}]],
    ['spec.ports[0].port', [{ port: 65_536 }]],
    ['spec.ports[0].name', [{ port: 1, name: 2 }]],
  ])('has a problem at %s for %j', (field, value) => {
    const path = field.replace(/\[.*/u, '')
    expect(resourceOf(service('s').patched(path, value))).toMatchObject({ problems: [{ field }] })
  })
})
