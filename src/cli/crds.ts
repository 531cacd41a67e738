// `kanali crds`: the CustomResourceDefinitions as YAML, ready for `kubectl apply -f -`.

import { stringify } from 'yaml'
import { type CustomResourceDefinition, CRDS } from '../resources/crds/crds.ts'

/** One definition as a document. */
export function crdDocument(definition: CustomResourceDefinition): string {
  return stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** All of them, as the documents of one stream. */
export function crdDocuments(): string {
  return CRDS.map((definition) => `---\n${crdDocument(definition)}`).join('')
}
