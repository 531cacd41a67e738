import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/resources/parse.ts'
import type { Resource, Secret } from '../../src/resources/resource.ts'
import { createAuthority } from '../support/certificates.ts'
import { resourceOf, secret } from '../support/manifests.ts'

const authority = createAuthority()
const client = authority.client({ notAfter: new Date('2031-02-03T04:05:06Z') })
const other = authority.client()

const full = () =>
  secret('tls').inNamespace('a').enabled().cert(client.certificate).key(client.key).ca(authority.certificate)

function parseOne(manifest: { build(): unknown }) {
  const [result] = parseManifest(manifest.build(), 'default')
  if (result?.type !== 'resource') throw new Error('not a resource')
  return result
}

function secretOf(manifest: Parameters<typeof resourceOf>[0]): Secret {
  const resource: Resource = resourceOf(manifest)
  if (resource.kind !== 'Secret' || 'problems' in resource) throw new Error(JSON.stringify(resource))
  return resource
}

function handleOf(manifest: Parameters<typeof resourceOf>[0]): string | undefined {
  return secretOf(manifest).tls.handle
}

describe('a Secret that is released', () => {
  it('gives facts, and its three values to the vault', () => {
    const { resource, material } = parseOne(full())
    expect(resource).toMatchObject({
      kind: 'Secret',
      enabled: true,
      tls: {
        handle: expect.stringMatching(/^a\/tls#[0-9a-f]{32}$/u),
        certificate: { state: 'parsed', dataKey: 'tls.crt' },
        key: { state: 'parsed', dataKey: 'tls.key' },
        ca: { state: 'parsed', dataKey: 'tls.ca' },
        pairFits: true,
        notAfter: '2031-02-03T04:05:06.000Z',
      },
    })
    expect(material).toEqual({
      certificate: Buffer.from(client.certificate),
      key: Buffer.from(client.key),
      ca: Buffer.from(authority.certificate),
    })
  })

  it('knows a key that does not belong to the certificate', () => {
    expect(secretOf(full().key(other.key)).tls).toMatchObject({ key: { state: 'parsed' }, pairFits: false })
  })

  it('has no handle where none of the three is there, or all are empty', () => {
    for (const manifest of [
      secret('tls').enabled(),
      secret('tls').enabled().cert('').stringData('tls.key', ''),
    ]) {
      const { resource, material } = parseOne(manifest)
      expect(resource).toMatchObject({ tls: { certificate: { state: 'absent' }, key: { state: 'absent' } } })
      expect(resource).not.toHaveProperty('tls.handle')
      expect(material).toBeUndefined()
    }
  })

  it('may hold a CA alone', () => {
    const { resource, material } = parseOne(secret('tls').enabled().ca(authority.certificate))
    expect(resource).toMatchObject({ tls: { ca: { state: 'parsed' }, pairFits: false } })
    expect(Object.keys(material ?? {})).toEqual(['ca'])
  })

  it('ends with the last of its authorities, or with its own chain where that is sooner', () => {
    const first = createAuthority('First', { notAfter: new Date('2027-01-01T00:00:00Z') })
    const last = createAuthority('Last', { notAfter: new Date('2028-01-01T00:00:00Z') })
    const authorities = secret('tls')
      .enabled()
      .ca(first.certificate + last.certificate)
    expect(secretOf(authorities).tls.notAfter).toBe('2028-01-01T00:00:00.000Z')
    const both = full().ca(first.certificate + last.certificate)
    expect(secretOf(both).tls.notAfter).toBe('2028-01-01T00:00:00.000Z')
    const sooner = authority.client({ notAfter: new Date('2026-01-01T00:00:00Z') })
    expect(secretOf(both.cert(sooner.certificate).key(sooner.key)).tls.notAfter).toBe(
      '2026-01-01T00:00:00.000Z',
    )
  })

  it('may call its data keys otherwise', () => {
    const manifest = secret('tls')
      .enabled()
      .renamed('cert', 'my.crt')
      .renamed('key', 'my.key')
      .renamed('ca', '')
      .data('my.crt', client.certificate)
      .data('my.key', client.key)
      .cert('not looked at')
    expect(secretOf(manifest).tls).toMatchObject({
      certificate: { state: 'parsed', dataKey: 'my.crt' },
      key: { state: 'parsed', dataKey: 'my.key' },
      ca: { state: 'absent', dataKey: 'tls.ca' },
      pairFits: true,
    })
  })

  it('takes plain stringData before data, and wrapped base64', () => {
    const wrapped = Buffer.from(client.key).toString('base64').replaceAll(/.{64}/gu, '$&\r\n')
    const manifest = full()
      .cert('x')
      .stringData('tls.crt', client.certificate)
      .patched('data', { 'tls.key': wrapped })
    expect(secretOf(manifest).tls).toMatchObject({ pairFits: true })
  })

  it('reads the first certificate of a chain, and wants all of it to parse', () => {
    const middle = authority.intermediate('Middle')
    const leaf = middle.client({ notAfter: new Date('2030-01-01T00:00:00Z') })
    const chain = `leaf:\n${leaf.certificate}${middle.certificate}`
    expect(secretOf(full().cert(chain).key(leaf.key)).tls).toMatchObject({
      pairFits: true,
      notAfter: '2030-01-01T00:00:00.000Z',
    })
    const short = authority.intermediate('Short', { notAfter: new Date('2029-01-01T00:00:00Z') })
    const signed = short.client({ notAfter: new Date('2030-01-01T00:00:00Z') })
    expect(
      secretOf(
        full()
          .cert(signed.certificate + short.certificate)
          .key(signed.key),
      ).tls,
    ).toMatchObject({
      notAfter: '2029-01-01T00:00:00.000Z',
    })
    const broken = `${leaf.certificate}${middle.certificate.replace('MII', 'AAA')}`
    expect(secretOf(full().cert(broken)).tls.certificate).toMatchObject({
      why: 'certificate 2 is not valid X.509',
    })
  })
})

describe('a value that does not parse', () => {
  const ecPublic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  })
  const encrypted = createPrivateKey(client.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'hunter2',
  })
  const cut = authority.certificate.slice(0, 100)

  it.each([
    ['tls.crt', 'certificate', 'hunter2', 'holds no PEM block CERTIFICATE'],
    ['tls.crt', 'certificate', client.key, 'holds no PEM block CERTIFICATE'],
    ['tls.crt', 'certificate', cut, 'certificate 1 has no end line'],
    ['tls.ca', 'ca', authority.certificate.replace('MII', 'MIA'), 'certificate 1 is not valid X.509'],
    ['tls.ca', 'ca', authority.certificate.repeat(1001), 'holds more than 1000 certificates'],
    ['tls.key', 'key', 'hunter2', 'holds no PEM private key that can be read'],
    ['tls.key', 'key', client.certificate, 'holds no PEM private key that can be read'],
    ['tls.key', 'key', ecPublic, 'holds no PEM private key that can be read'],
    ['tls.key', 'key', encrypted, 'the private key is encrypted'],
  ] as const)('in %s is a fact, without a word of the value (%#)', (dataKey, part, value, why) => {
    const { resource, material } = parseOne(full().data(dataKey, value))
    expect(resource).toMatchObject({
      tls: { [part]: { state: 'unparsable', dataKey, why }, handle: expect.any(String) },
    })
    expect(material).not.toHaveProperty(part)
    expect(JSON.stringify(resource)).not.toContain('hunter2')
  })
})

describe('the handle of a Secret', () => {
  it('is the same for the same values, however they are written', () => {
    const plain = secret('tls').inNamespace('a').enabled().stringData('tls.crt', `\n${client.certificate}\n`)
    expect(handleOf(plain.key(client.key).ca(authority.certificate))).toBe(handleOf(full()))
  })

  it('changes with each of the three values, and with the Secret', () => {
    const handles = [
      full(),
      full().cert(other.certificate),
      full().cert(`${client.certificate}${other.certificate}`),
      full().key(other.key),
      full().ca(createAuthority().certificate),
      full().ca(''),
      full().key('unparsable'),
      full().patched('metadata.name', 'other'),
    ].map(handleOf)
    expect(new Set(handles).size).toBe(handles.length)
  })

  it('tells nothing of a value that could be guessed: those that do not parse leave no trace in it', () => {
    expect(handleOf(full().key('hunter2'))).toBe(handleOf(full().key('hunter3')))
    expect(handleOf(full().cert(`${client.certificate}hunter2`))).toBe(handleOf(full()))
  })
})

describe('a Secret that is not released', () => {
  it.each([undefined, 'false', 'True', ''])('because its annotation is %j is not looked at', (enabled) => {
    const manifest = full().patched(
      'metadata.annotations',
      enabled === undefined ? {} : { 'kanali.io/enabled': enabled },
    )
    manifest.data('tls.crt', 'x').patched('data', { 'tls.crt': '!', 'tls.key': 7 })
    const { resource, material } = parseOne(manifest)
    expect(resource).toMatchObject({
      enabled: false,
      tls: {
        certificate: { state: 'absent' },
        key: { state: 'absent' },
        ca: { state: 'absent' },
        pairFits: false,
      },
    })
    expect(material).toBeUndefined()
  })
})

describe('a problem of a Secret', () => {
  it.each([
    ['data', { 'tls.crt': 'hunter2!' }, 'data[tls.crt]', 'must be base64'],
    ['data', { 'tls.key': 'hunter2' }, 'data[tls.key]', 'must be base64'],
    ['data', { 'tls.ca': ['hunter2'] }, 'data[tls.ca]', 'must be a string'],
    ['data', { 'tls.ca': 42 }, 'data[tls.ca]', 'must be a string'],
    ['data', 'hunter2', 'data', 'must be an object'],
    ['stringData', { 'tls.crt': 42 }, 'stringData[tls.crt]', 'must be a string'],
    [
      'stringData',
      { 'tls.crt': 'x'.repeat(1024 * 1024 + 1) },
      'stringData[tls.crt]',
      'must have at most 1 MiB',
    ],
    ['metadata.labels', { a: 42 }, 'metadata.labels.a', 'must be a string'],
  ])('in %s shows the key and never the value (%#)', (path, value, field, rule) => {
    const { resource, material } = parseOne(secret('tls').enabled().patched(path, value))
    expect(resource).toMatchObject({ kind: 'Secret', problems: [{ field, value: '(not shown)', rule }] })
    expect('problems' in resource && resource.problems).toHaveLength(1)
    expect(JSON.stringify(resource)).not.toMatch(/hunter2|42/u)
    expect(material).toBeUndefined()
  })

  it('is a renamed data key that cannot be one', () => {
    expect(resourceOf(secret('tls').enabled().renamed('cert', 'a b'))).toMatchObject({
      problems: [{ field: 'metadata.annotations[kanali.io/cert]' }],
    })
  })

  it('is not that an inherited property has the name of a data key', () => {
    expect(
      secretOf(secret('tls').enabled().renamed('cert', 'constructor').patched('data', {})).tls,
    ).toMatchObject({
      certificate: { state: 'absent', dataKey: 'constructor' },
    })
  })
})
