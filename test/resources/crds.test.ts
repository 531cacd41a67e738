// The examples by which the API server judges the definitions (test/integration/crds.test.ts), judged by the parser.

import { expect, test } from 'vitest'
import { crdDocuments } from '../../src/cli/crds.ts'
import { CRD_VERSION_ANNOTATION, CRDS } from '../../src/resources/crds/crds.ts'
import { parseManifest } from '../../src/resources/parse.ts'
import { isInvalid } from '../../src/resources/resource.ts'
import { parseAllDocuments } from 'yaml'
import { BAD_EXAMPLES, GOOD_EXAMPLES } from '../support/crd-examples.ts'

test.each(GOOD_EXAMPLES)('the parser reads %s', (_, manifest) => {
  const [result] = parseManifest(manifest, 'default')
  expect(result).toMatchObject({ type: 'resource', resource: { kind: expect.any(String) } })
  expect(result?.type === 'resource' && isInvalid(result.resource)).toBe(false)
})

test.each(BAD_EXAMPLES)('the parser refuses %s', (_, manifest) => {
  const [result] = parseManifest(manifest, 'default')
  expect(result?.type === 'resource' && isInvalid(result.resource)).toBe(true)
})

test('each definition carries its version, and is printed as it is', () => {
  expect(CRDS.map(({ metadata }) => metadata.name)).toEqual([
    'apiproxies.kanali.io',
    'mocktargets.kanali.io',
    'apikeys.kanali.io',
    'apikeybindings.kanali.io',
  ])
  for (const { metadata } of CRDS)
    expect(Number(metadata.annotations[CRD_VERSION_ANNOTATION])).toBeGreaterThan(0)
  const printed = parseAllDocuments(crdDocuments()).map((document) => document.toJS() as unknown)
  expect(printed).toEqual(JSON.parse(JSON.stringify(CRDS)))
})
