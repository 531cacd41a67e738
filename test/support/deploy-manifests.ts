// The manifests of deploy/kubernetes/ as objects.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { ApiObject } from './api-server.ts'

export const MANIFESTS = path.join(import.meta.dirname, '../../deploy/kubernetes')

/** Those of one file, in its order. */
export async function objectsOf(file: string): Promise<ApiObject[]> {
  const text = await readFile(path.join(MANIFESTS, file), 'utf8')
  return parseAllDocuments(text).map((document) => document.toJS() as ApiObject)
}
