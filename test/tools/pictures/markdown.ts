// The little Markdown that panels of text hold: paragraphs, bold, code, links. What is not that is text.

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign)
}

export function markdownHtml(markdown: string): string {
  return markdown
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${inline(escapeHtml(paragraph))}</p>`)
    .join('')
}

function inline(text: string): string {
  return text
    .replaceAll(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, '<a href="$2">$1</a>')
}
