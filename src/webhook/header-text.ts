// A text as it may stand in the `Warning` header that kubectl prints: printable ASCII, short.

const LENGTH_MAX = 240

export function headerText(text: string): string {
  const printable = text.replaceAll(/[^ -~]/g, '?')
  return printable.length > LENGTH_MAX ? `${printable.slice(0, LENGTH_MAX - 3)}...` : printable
}
