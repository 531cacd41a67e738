// What the name of a file in `plugins.location` says: which plugin it holds, and in which version.
// Text only: it never touches the disk.

/** What a name and a version may be made of: one segment of a path, never a hidden file, never `..`. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const EXTENSIONS = ['.mjs', '.js'] as const

/** Plugins that are part of the gateway: no file may take their name, in any case. */
const RESERVED = new Set(['apikey', 'jwt'])

export interface PluginReading {
  readonly name: string
  readonly version?: string
}

export interface PluginFile {
  /** File name inside `plugins.location`. */
  readonly file: string
  /** File name without its extension. */
  readonly stem: string
  /** Every name and version that an ApiProxy may find this file by; the likeliest first, never empty. */
  readonly readings: readonly [PluginReading, ...PluginReading[]]
}

/**
 * Reads a file name; undefined for a file that is no plugin (`_shared.mjs`, `README.md`, `.hidden.js`).
 * An underscore may belong to a name or part name and version, and only the ApiProxy knows which. So every reading is
 * given: the whole stem, and a split at each underscore that a version can follow. What looks like a number comes
 * first: `my_plugin_1.0.0.mjs` is (my_plugin, 1.0.0), then (my_plugin_1.0.0), then (my, plugin_1.0.0). No two files share a reading unless they differ in their extension alone.
 */
export function pluginFile(file: string): PluginFile | undefined {
  const extension = EXTENSIONS.find((ending) => file.endsWith(ending))
  if (extension === undefined) return undefined
  const stem = file.slice(0, -extension.length)
  if (!NAME.test(stem)) return undefined
  const numbered: PluginReading[] = []
  const others: PluginReading[] = []
  for (let at = stem.lastIndexOf('_'); at > 0; at = stem.lastIndexOf('_', at - 1)) {
    const reading = { name: stem.slice(0, at), version: stem.slice(at + 1) }
    if (NAME.test(reading.version)) (/^v?[0-9]/.test(reading.version) ? numbered : others).push(reading)
  }
  const whole = { name: stem }
  const [first, ...rest] = numbered
  const readings = [...rest, whole, ...others]
  return { file, stem, readings: first === undefined ? [whole, ...others] : [first, ...readings] }
}

/** True for the name of a built-in plugin, whatever its case. */
export function isReservedName(name: string): boolean {
  return RESERVED.has(name.toLowerCase())
}
