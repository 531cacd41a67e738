// The commands that the catalogue's texts hold in backticks, with real names in the place of their placeholders. What a
// command does is written once, in the catalogue. A command that cannot be filled in is left out: a placeholder that is
// pasted into a shell redirects.

import { isPlainWord, shellWord } from './shell-words.ts'

/** What stands for a placeholder; undefined where nothing does. The command is given, since `<name>` is of what it gets. */
export type PlaceholderValue = (placeholder: string, command: string) => string | undefined

/** Those that only look: one that changes something is for a person to type. */
const COMMAND = /`((?:kubectl (?:get|describe|logs|auth)|curl|openssl|getent|ip route) [^`]+)`/g
const PLACEHOLDER = /<([A-Za-z][A-Za-z .]*)>/g

/** The commands of a text, filled in. */
export function commandsIn(text: string, valueOf: PlaceholderValue): string[] {
  return Array.from(text.matchAll(COMMAND), ([, command = '']) => fillIn(command, valueOf)).filter(
    (command) => command !== undefined,
  )
}

function fillIn(command: string, valueOf: PlaceholderValue): string | undefined {
  let isFilled = true
  const filled = command.replaceAll(PLACEHOLDER, (whole, placeholder: string, at: number) => {
    const value = valueOf(placeholder, command)
    // A plain value is itself within quotes, too; what needs quotes of its own can only stand outside of others.
    if (value !== undefined && isPlainWord(value)) return value
    if (value === undefined || isQuoted(command, at)) {
      isFilled = false
      return whole
    }
    return shellWord(value)
  })
  return isFilled ? filled : undefined
}

/** True where the place lies within single or double quotes. */
function isQuoted(command: string, at: number): boolean {
  let open = ''
  for (let index = 0; index < at; index += 1) {
    const character = command.charAt(index)
    if (open === '' ? character === '"' || character === "'" : character === open) {
      open = open === '' ? character : ''
    }
  }
  return open !== ''
}
