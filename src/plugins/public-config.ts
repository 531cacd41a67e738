// Which of its configuration's values a plugin declares public: `publicConfig`, a list of names, on what it exports.
// A declaration that cannot be understood declares nothing: in doubt a value is not shown.

const NAMES_MAX = 64
const NAME_CHARACTERS_MAX = 256

/** The names; empty where nothing is declared, or what is declared is no list of at most 64 names. */
export function publicConfigOf(exported: object): readonly string[] {
  const declared: unknown = Reflect.get(exported, 'publicConfig')
  if (!Array.isArray(declared) || declared.length > NAMES_MAX) return []
  const names = Array.from<unknown>(declared)
  return names.every((name) => typeof name === 'string' && name.length <= NAME_CHARACTERS_MAX)
    ? (names as string[])
    : []
}
