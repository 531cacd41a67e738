// Path arithmetic on raw request paths: folding slashes, putting the target in the source's place, finding dot segments.
// It runs on every request, so it must never use a regular expression, and never allocate for a path that is already
// normal. It must never decode: percent-encoding stays as it was sent, byte for byte.

const SLASH = 0x2f
const BACKSLASH = 0x5c
const DOT = 0x2e
const PERCENT = 0x25

/** More dots than a dot segment has; also stands for a segment that holds anything else. */
const NO_DOT_SEGMENT = 3

/**
 * The form in which paths are compared: one leading slash, repeated slashes folded, no trailing slash but for `/`.
 * @param path a path without query, raw; empty gives `/`
 * @returns the very same string where it is normal already
 */
export function normalisePath(path: string): string {
  const folded = foldSlashes(path)
  if (folded.length > 1 && folded.charCodeAt(folded.length - 1) === SLASH) return folded.slice(0, -1)
  return folded
}

/**
 * The upstream's path: the target path in the place of the source path, then the rest of the request's path, its bytes
 * kept, its slashes folded, its trailing slash kept where the request had one (the path `/` alone has none).
 * @param sourcePath normalised (or empty); must be a prefix of the request's path by whole segments, as `match` found it
 * @param targetPath normalised (or empty)
 * @param rawRequestPath as sent, without query; a normalised path is fine too, its trailing slash is then lost
 * @returns never empty, always with a leading slash
 */
export function joinTarget(sourcePath: string, targetPath: string, rawRequestPath: string): string {
  const request = foldSlashes(rawRequestPath)
  const sourceIsRoot = sourcePath.length <= 1
  const targetIsRoot = targetPath.length <= 1
  if ((sourceIsRoot && targetIsRoot) || sourcePath === targetPath) return request
  if (sourceIsRoot) return request.length === 1 ? targetPath : targetPath + request
  const rest = request.slice(sourcePath.length)
  if (targetIsRoot) return rest === '' ? '/' : rest
  return targetPath + rest
}

/**
 * True where a segment is `.` or `..`, raw or percent-encoded in any mix. A percent-encoded slash, a backslash and a
 * percent-encoded backslash end a segment too: an upstream that decodes before it resolves (nginx does) would climb.
 * Encoded twice (`%252e`) is not a dot: nobody may decode twice (RFC 3986, section 2.4).
 * @param rawPath as sent, without query
 */
export function segmentsEscape(rawPath: string): boolean {
  let dots = 0
  for (let index = 0; index < rawPath.length; index += 1) {
    let code = rawPath.charCodeAt(index)
    if (code === PERCENT) {
      const decoded = decodedDelimiter(rawPath, index)
      if (decoded !== 0) {
        code = decoded
        index += 2
      }
    }
    if (code === SLASH || code === BACKSLASH) {
      if (dots === 1 || dots === 2) return true
      dots = 0
    } else if (code === DOT) {
      dots += 1
    } else {
      dots = NO_DOT_SEGMENT
    }
  }
  return dots === 1 || dots === 2
}

/** One leading slash, runs of slashes folded to one, a trailing slash kept; the same string where nothing changes. */
function foldSlashes(path: string): string {
  if (path.length === 0) return '/'
  const leads = path.charCodeAt(0) === SLASH
  if (!path.includes('//')) return leads ? path : `/${path}`
  let folded = leads ? '' : '/'
  let start = 0
  for (let index = 1; index < path.length; index += 1) {
    if (path.charCodeAt(index) !== SLASH || path.charCodeAt(index - 1) !== SLASH) continue
    if (start < index) folded += path.slice(start, index)
    start = index + 1
  }
  return folded + path.slice(start)
}

/** The dot, slash or backslash that `%XX` at this index stands for; 0 for any other. */
function decodedDelimiter(path: string, percentAt: number): number {
  const high = path.charCodeAt(percentAt + 1)
  const low = path.charCodeAt(percentAt + 2) | 0x20
  if (high === 0x32 && low === 0x65) return DOT
  if (high === 0x32 && low === 0x66) return SLASH
  if (high === 0x35 && low === 0x63) return BACKSLASH
  return 0
}
