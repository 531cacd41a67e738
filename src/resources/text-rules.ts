// What a text in an object may be, as data: a test and the words that say it. The words complete the sentence
// "<field> ...", so that a problem reads as one. No expression here backtracks beyond its own, bounded, length.

export interface TextRule {
  /** Completes a sentence whose subject is the field. */
  readonly says: string
  holds(text: string): boolean
  /** The value is never shown in a problem. */
  readonly concealed?: true
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const PLUGIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const DATA_KEY = /^[A-Za-z0-9._-]{1,253}$/
const LABEL_PART = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

const PLUGIN_NAME_CHARACTERS_MAX = 128
const TOKEN_CHARACTERS_MAX = 256

/** RFC 1123, as Kubernetes reads it. */
export const DNS_LABEL: TextRule = {
  says: 'must be a DNS label: at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends',
  holds: (text) => LABEL.test(text),
}

/** RFC 1123, as Kubernetes reads it. */
export const DNS_SUBDOMAIN: TextRule = {
  says: 'must be a DNS name: at most 253 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends of each label',
  holds: (text) => text.length <= 253 && text.split('.').every((label) => LABEL.test(label)),
}

export const PLUGIN_WORD: TextRule = {
  says: `must begin with a letter or digit and hold only letters, digits, ".", "_" and "-", at most ${PLUGIN_NAME_CHARACTERS_MAX}`,
  holds: (text) => text.length <= PLUGIN_NAME_CHARACTERS_MAX && PLUGIN_NAME.test(text),
}

/** RFC 9110, section 5.6.2: field names and methods. */
export const HTTP_TOKEN: TextRule = {
  says: `must be an HTTP token of at most ${TOKEN_CHARACTERS_MAX} characters`,
  holds: (text) => text.length <= TOKEN_CHARACTERS_MAX && TOKEN.test(text),
}

/** RFC 9110, section 5.5. */
export const FIELD_VALUE: TextRule = {
  says: 'must be an HTTP field value: no control characters but tab, nothing beyond Latin-1',
  holds: (text) =>
    !hasOtherThan(text, (code) => code === 0x09 || (code >= 0x20 && code !== 0x7f && code <= 0xff)),
}

export const LABEL_NAME: TextRule = {
  says: 'must be a label name: an optional DNS prefix and "/", then at most 63 letters, digits, "-", "_" and "."',
  holds: (text) => {
    const slash = text.indexOf('/')
    if (slash !== -1 && !DNS_SUBDOMAIN.holds(text.slice(0, slash))) return false
    return LABEL_PART.test(text.slice(slash + 1))
  },
}

export const LABEL_VALUE: TextRule = {
  says: 'must be a label value: empty or at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  holds: (text) => text === '' || LABEL_PART.test(text),
}

export const SECRET_DATA_KEY: TextRule = {
  says: 'must name a data key: at most 253 letters, digits, "-", "_" and "."',
  holds: (text) => DATA_KEY.test(text),
}

/** A clear key put there by mistake must not be shown. */
export const KEY_CIPHER_TEXT: TextRule = {
  says: 'must be base64 of an encrypted key',
  holds: (text) => isBase64(withoutSpace(text)),
  concealed: true,
}

/** Strict base64 (RFC 4648, section 4) without line breaks. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64.test(text)
}

/** Without line ends and spaces: Go's base64, which the original reads keys with, passes over line ends. */
export function withoutSpace(text: string): string {
  return text.replaceAll(/[\t\n\r ]/g, '')
}

/** True where a character's code fails the test. */
export function hasOtherThan(text: string, allowed: (code: number) => boolean): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (!allowed(text.charCodeAt(index))) return true
  }
  return false
}
