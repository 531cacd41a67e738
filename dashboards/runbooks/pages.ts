// Every page of docs/runbooks/, by its file. A page that is not in this list is not generated.

import { codeText } from '../../src/errors/catalogue.ts'
import { alertPage } from './alert-page.ts'
import { ALERT_ADVICE } from './alert-advice.ts'
import { CODE_ADVICE } from './code-advice.ts'
import { codePage } from './code-page.ts'
import { indexPage } from './index-page.ts'
import { pageOfAlert } from './places.ts'

interface Page {
  /** Relative to the root of the project. */
  readonly file: string
  readonly render: () => string
}

const FOLDER = 'docs/runbooks'

export const RUNBOOK_PAGES: readonly Page[] = [
  { file: `${FOLDER}/README.md`, render: indexPage },
  ...Object.keys(CODE_ADVICE).map((key) => {
    const code = Number(key) as keyof typeof CODE_ADVICE
    return { file: `${FOLDER}/code-${codeText(code)}.md`, render: () => codePage(code) }
  }),
  ...ALERT_ADVICE.map((advice) => ({
    file: `${FOLDER}/${pageOfAlert(advice.name)}`,
    render: () => alertPage(advice),
  })),
]
