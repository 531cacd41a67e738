// Finds the API server: by the kubeconfig that is named, else by the pod's service account. Nothing is requested yet.

import type { Options } from '../config/options.ts'
import type { Access } from './access.ts'
import { ApiClient } from './api-client.ts'
import { inClusterAccess, type PodPlace } from './in-cluster.ts'
import { kubeconfigAccess } from './kubeconfig.ts'

export interface Connection {
  readonly client: ApiClient
  /** For the log. */
  readonly server: string
  /** Of the pod or of the kubeconfig's context. */
  readonly namespace: string | undefined
}

/** @returns a problem, one line, where there is no access to any API server */
export async function connect(
  options: Pick<Options, 'kubernetes.kubeconfig'>,
  place?: PodPlace,
): Promise<Connection | { readonly problem: string }> {
  const file = options['kubernetes.kubeconfig']
  const access = file === undefined ? inClusterAccess(place) : await kubeconfigAccess(file)
  if (access === undefined) {
    return {
      problem:
        'no source of resources: set source.directory to a folder of manifests or kubernetes.kubeconfig to a kubeconfig file, or run in a pod with a service account',
    }
  }
  return 'problem' in access ? access : connection(access)
}

function connection(access: Access): Connection {
  return { client: new ApiClient(access), server: access.server, namespace: access.namespace }
}
