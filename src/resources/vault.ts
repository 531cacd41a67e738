// The only place that holds the bytes of secrets. They are reached by opaque handles; the vault must never be listed,
// logged, serialised or hashed. Its size is bounded by `follow`, which is called with all Secrets after each swap.

import type { Resource } from './resource.ts'

/** PEM, as it came. A part that is absent or does not parse is not kept. */
export interface SecretMaterial {
  readonly certificate?: Buffer
  readonly key?: Buffer
  readonly ca?: Buffer
}

/** All Secrets that are known. A collection is never changed: other Secrets are another one. */
export interface KnownSecrets {
  values(): Iterable<{ readonly resource: Resource }>
}

export class Vault {
  readonly #materials = new Map<string, SecretMaterial>()
  #followed: KnownSecrets | undefined

  put(handle: string, material: SecretMaterial): void {
    this.#materials.set(handle, material)
  }

  /** Undefined for a handle that was never put or is no longer retained. */
  get(handle: string): SecretMaterial | undefined {
    return this.#materials.get(handle)
  }

  /** Forgets what none of these Secrets names; they are looked at only where they are others than the last time. */
  follow(secrets: KnownSecrets): void {
    if (secrets === this.#followed) return
    this.#followed = secrets
    const handles = new Set<string>()
    for (const { resource } of secrets.values()) {
      if ('tls' in resource && resource.tls.handle !== undefined) handles.add(resource.tls.handle)
    }
    this.retain(handles)
  }

  /** Forgets everything but these. Connections that are open keep what they were opened with. */
  retain(handles: ReadonlySet<string>): void {
    for (const handle of this.#materials.keys()) {
      if (!handles.has(handle)) this.#materials.delete(handle)
    }
  }
}
