// Header fields as plugins read and change them: what the views of a request and of an answer have in common.

import { HeaderList } from './header-list.ts'

export class HeaderFields {
  readonly #headers: HeaderList

  /** @param fields flat list of names and values, which is never changed itself */
  constructor(fields: readonly string[]) {
    this.#headers = new HeaderList(fields)
  }

  header(name: string): string | undefined {
    return this.#headers.first(name)
  }

  headerValues(name: string): readonly string[] {
    return this.#headers.all(name)
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value)
  }

  addHeader(name: string, value: string): void {
    this.#headers.add(name, value)
  }

  removeHeader(name: string): void {
    this.#headers.remove(name)
  }

  /** For the exchange: a plugin has said what a field of that name is, or that there is none; folded as by `foldHeader`. */
  isChanged(folded: string): boolean {
    return this.#headers.isChanged(folded)
  }

  /** For the exchange: the fields as the plugins left them. The very list given where none changed it. */
  headers(): readonly string[] {
    return this.#headers.fields()
  }
}
