// Waiting for something that has no event to wait for. Bounded: it fails by saying what it waited for.
// Must never be used as a pause: the condition is what ends it.

/**
 * Calls `condition` until it gives something other than undefined, null or false, and returns that.
 * `what` completes the sentence "waited N ms for ...". Throws after `timeoutMs`.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  what: string | (() => string),
  { timeoutMs = 10_000, everyMs = 15 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== null && value !== false) {
      return value as Exclude<T, undefined | null | false>
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${typeof what === 'string' ? what : what()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
