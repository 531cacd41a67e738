// What the reader of one kind makes of a manifest. Its resource counts only if no problem was collected on the way:
// readers put in harmless values where they met one, and parse.ts throws the result away.

import type { Fields } from './fields.ts'
import type { InvalidResource, Meta, ValidResource } from './resource.ts'
import type { SecretMaterial } from './vault.ts'

export interface Reading {
  readonly resource?: ValidResource
  readonly claim?: NonNullable<InvalidResource['claim']>
  readonly material?: SecretMaterial
}

export type ReadKind = (manifest: Fields, meta: Meta) => Reading
