// How the API server is reached: where it is, and what a request must show to be let in. Credentials are asked for before
// each request, because tokens and authorities rotate. Whoever implements this must never log what it gives.

/** TLS towards the API server; PEM as it came. Absent parts are the system's defaults. */
export interface ServerTls {
  readonly ca?: Buffer | string
  readonly cert?: Buffer | string
  readonly key?: Buffer | string
  readonly servername?: string
  /** False where the kubeconfig says insecure-skip-tls-verify. */
  readonly rejectUnauthorized?: boolean
}

export interface Credentials {
  /** Header fields by name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly tls: ServerTls
  /** An HTTP proxy, as the kubeconfig's proxy-url. */
  readonly proxy?: string
}

export interface Access {
  /** Without a slash at the end: `https://10.0.0.1:443`, perhaps with a path. */
  readonly server: string
  /** Namespace of the pod or of the kubeconfig's context; undefined where neither names one. */
  readonly namespace: string | undefined
  /** Rejects where they cannot be had; the message names what and where, and holds no secret. */
  credentials(): Promise<Credentials>
  /** The server answered 401: whatever is remembered of credentials is to be made anew. */
  renew(): void
}
