// The four CustomResourceDefinitions of kanali.io/v2, as objects, and the types of their manifests.

import { API_KEY_BINDING_SPEC, API_KEY_SPEC } from './api-key-schemas.ts'
import { API_PROXY_SPEC } from './api-proxy-schema.ts'
import { API_PROXY_STATUS, STATUS } from './common-schemas.ts'
import { MOCK_TARGET_SPEC } from './mock-target-schema.ts'
import type { ManifestOf, ObjectSchema, ValueOf } from './schema.ts'

export type ApiProxyManifest = ManifestOf<'ApiProxy', typeof API_PROXY_SPEC, typeof API_PROXY_STATUS>
export type MockTargetManifest = ManifestOf<'MockTarget', typeof MOCK_TARGET_SPEC, typeof STATUS>
export type ApiKeyManifest = ManifestOf<'ApiKey', typeof API_KEY_SPEC, typeof STATUS>
export type ApiKeyBindingManifest = ManifestOf<'ApiKeyBinding', typeof API_KEY_BINDING_SPEC, typeof STATUS>

export type ApiProxyStatus = ValueOf<typeof API_PROXY_STATUS>

/** Rises with every change of a schema: a gateway never replaces definitions by older ones. */
const CRD_VERSION = 2
/** The annotation that carries it. */
export const CRD_VERSION_ANNOTATION = 'kanali.io/crd-version'

interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'date' | 'integer'
  readonly jsonPath: string
  readonly description?: string
  readonly priority?: number
}

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1'
  readonly kind: 'CustomResourceDefinition'
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> }
  readonly spec: object
}

interface Definition {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly scope: 'Namespaced' | 'Cluster'
  readonly description: string
  readonly spec: ObjectSchema
  readonly status: ObjectSchema
  readonly columns: readonly PrinterColumn[]
}

const READY = (type: string): PrinterColumn => ({
  name: type,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
})
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

const DEFINITIONS: readonly Definition[] = [
  {
    kind: 'ApiProxy',
    plural: 'apiproxies',
    shortName: 'ap',
    scope: 'Namespaced',
    description: 'How requests are matched, where they go, and which plugins guard them.',
    spec: API_PROXY_SPEC,
    status: API_PROXY_STATUS,
    columns: [
      { name: 'Host', type: 'string', jsonPath: '.spec.source.virtualHost' },
      { name: 'Path', type: 'string', jsonPath: '.spec.source.path' },
      { name: 'Backend', type: 'string', jsonPath: '.spec.target.backend' },
      READY('Ready'),
      {
        name: 'Code',
        type: 'string',
        jsonPath: '.status.code',
        description: 'The error code that requests get now.',
      },
      {
        name: 'Message',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].message',
        priority: 1,
      },
      AGE,
    ],
  },
  {
    kind: 'MockTarget',
    plural: 'mocktargets',
    shortName: 'mt',
    scope: 'Namespaced',
    description: 'Canned answers by path and method.',
    spec: MOCK_TARGET_SPEC,
    status: STATUS,
    columns: [{ name: 'Paths', type: 'string', jsonPath: '.spec.routes[*].path' }, READY('Accepted'), AGE],
  },
  {
    kind: 'ApiKey',
    plural: 'apikeys',
    shortName: 'ak',
    scope: 'Cluster',
    description: 'The encrypted revisions of an api key.',
    spec: API_KEY_SPEC,
    status: STATUS,
    columns: [
      { name: 'Revisions', type: 'string', jsonPath: '.spec.revisions[*].status' },
      READY('Accepted'),
      AGE,
    ],
  },
  {
    kind: 'ApiKeyBinding',
    plural: 'apikeybindings',
    shortName: 'akb',
    scope: 'Namespaced',
    description: 'What api keys may do.',
    spec: API_KEY_BINDING_SPEC,
    status: STATUS,
    columns: [{ name: 'Keys', type: 'string', jsonPath: '.spec.keys[*].name' }, READY('Accepted'), AGE],
  },
]

/** In the order in which they are best applied. */
export const CRDS: readonly CustomResourceDefinition[] = DEFINITIONS.map(definitionOf)

function definitionOf(definition: Definition): CustomResourceDefinition {
  const { kind, plural, shortName, scope, description, spec, status, columns } = definition
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.kanali.io`,
      annotations: { [CRD_VERSION_ANNOTATION]: String(CRD_VERSION) },
    },
    spec: {
      group: 'kanali.io',
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['kanali'],
      },
      versions: [
        {
          name: 'v2',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              required: ['spec'],
              properties: { spec, status },
            },
          },
        },
      ],
    },
  }
}
