// The only place that holds the bytes of secrets. They are reached by opaque handles; the vault must never be listed,
// logged, serialised or hashed. Its size is bounded by `retain`, which the pipeline calls with all live handles.

/** PEM, as it came. A part that is absent or does not parse is not kept. */
export interface SecretMaterial {
  readonly certificate?: Buffer
  readonly key?: Buffer
  readonly ca?: Buffer
}

export class Vault {
  readonly #materials = new Map<string, SecretMaterial>()

  put(handle: string, material: SecretMaterial): void {
    this.#materials.set(handle, material)
  }

  /** Undefined for a handle that was never put or is no longer retained. */
  get(handle: string): SecretMaterial | undefined {
    return this.#materials.get(handle)
  }

  /** Forgets everything but these. Connections that are open keep what they were opened with. */
  retain(handles: ReadonlySet<string>): void {
    for (const handle of this.#materials.keys()) {
      if (!handles.has(handle)) this.#materials.delete(handle)
    }
  }
}
