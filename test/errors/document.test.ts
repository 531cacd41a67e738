import { expect, test } from 'vitest'
import { CATALOGUE, codeText, ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { errorsPage } from '../../src/errors/document.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'

const BASE = 'https://docs.test/errors'
const PAGE = errorsPage(BASE)

test('every code has its anchor once, its message, its status and its body', () => {
  for (const { code, status, message } of CATALOGUE) {
    const digits = codeText(code)
    expect(PAGE.split(`<a id="${digits}"></a>`)).toHaveLength(2)
    expect(PAGE).toContain(`## ${digits}: ${message}\n`)
    expect(PAGE).toContain(
      `{"status":${status},"message":"${message}","code":${code},"details":"Visit ${BASE}#${digits} for more details."}`,
    )
  }
})

test('every reason has an anchor, its meaning, its fault, what to do, and its labels on each signal', () => {
  for (const { reason, codeText: digits, blame, means, check, proxyStatus } of ERROR_FACTS) {
    const section = PAGE.split(`<a id="${reason}"></a>`)[1]?.split('<a id=')[0] ?? ''
    expect(section).toContain(`### ${digits} \`${reason}\`\n\n${means}\n`)
    expect(section).toContain(`**Whose fault:** \`${blame}\``)
    expect(section).toContain(check)
    expect(section).toContain(`\`kanali.error.reason="${reason}"\``)
    expect(section).toContain(`kanali_errors_total{code="${digits}",reason="${reason}",blame="${blame}"}`)
    expect(section).toContain(`.reason == "${reason}"`)
    expect(section).toContain(`error=${proxyStatus}`)
  }
})

test('the rejections stand in a section of their own with their status', () => {
  const section = PAGE.split('<a id="rejected"></a>')[1] ?? ''
  for (const { reason, status } of REJECTIONS) expect(section).toContain(`| \`${reason}\` | ${status} |`)
})

test('the page holds no tag but its anchors, and its generated mark', () => {
  const outsideCode = PAGE.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '')
  const tags = outsideCode.match(/<[^>]*>/g) ?? []
  for (const tag of tags) expect(tag).toMatch(/^(<a id="\w+">|<\/a>|<!-- Generated .* -->)$/)
})
