// Untrusted text put into a command that a person will paste into a shell. Whatever the text is, it stays one word, says
// nothing to the shell, and shows nothing to the terminal but itself.

/** Safe in every POSIX shell without quotes, also in the middle of a word. */
const PLAIN = /^[A-Za-z0-9_.,:/@%+=-]+$/
const PRINTABLE = /^[\x20-\x7e]*$/

/** The text as one word: as it is, in single quotes, or with escapes (`$'...'`, bash, zsh, ksh) for what is not printable. */
export function shellWord(text: string): string {
  if (PLAIN.test(text)) return text
  if (PRINTABLE.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`
  const bytes = isLatin1(text) ? Buffer.from(text, 'latin1') : Buffer.from(text)
  let escaped = ''
  for (const byte of bytes) {
    const isEscaped = byte < 0x20 || byte > 0x7e || byte === 0x27 || byte === 0x5c
    escaped += isEscaped ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte)
  }
  return `$'${escaped}'`
}

/** True for text that says nothing to a shell wherever it stands, also within quotes. */
export function isPlainWord(text: string): boolean {
  return PLAIN.test(text)
}

/** Paths come as Latin-1: each character is the byte that was sent. */
function isLatin1(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0xff) return false
  return true
}
