// What nothing is said by, shared by all records that say nothing there: an empty object of its own for each costs more
// memory than the names of most objects. Frozen, as nobody may say something in it for all the others.

/** No labels, no annotations, no configuration. */
export const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({})

/** No items. */
export const NO_ITEMS: readonly never[] = Object.freeze([])
