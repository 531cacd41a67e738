// Access of a pod by its service account. Token and authority are read anew for each request: the kubelet replaces the
// files before they expire. Source: kubernetes.io/docs/tasks/run-application/access-api-from-pod.

import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Access } from './access.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Where a pod's service account is mounted and its API server announced; tests name another place. */
export interface PodPlace {
  readonly folder?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** @returns undefined where this process is in no pod with a service account */
export function inClusterAccess({ folder = FOLDER, env = process.env }: PodPlace = {}): Access | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const token = path.join(folder, 'token')
  if (host === '' || !existsSync(token)) return undefined
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443'
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: contentOf(path.join(folder, 'namespace')),
    async credentials() {
      const [bearer, ca] = await Promise.all([readFile(token, 'utf8'), readFile(path.join(folder, 'ca.crt'))])
      return { headers: { authorization: `Bearer ${bearer.trim()}` }, tls: { ca } }
    },
    renew() {
      // Nothing is remembered.
    },
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
