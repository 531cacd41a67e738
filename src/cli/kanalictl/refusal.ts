// What a person asked for and cannot be had: one line, and exit status 1. It never holds a key, nor text of the system.

/** What a person asked for cannot be done; `message` is one line. */
export class Refusal extends Error {}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'it is there already, and is not written over',
  EFBIG: 'it would be larger than files may be here',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'it is not there',
  ENOSPC: 'no space is left',
  ENOTDIR: 'a part of its path is no folder',
  EDQUOT: 'no space is left',
  EPERM: 'it is not permitted',
  EPIPE: 'it was closed before everything was written',
  EROFS: 'the file system is read-only',
}

/** Why the system could not do it, in words of ours: its own would repeat a name as it stands. */
export function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return WORDS[code] ?? `it cannot be used (${code})`
}
