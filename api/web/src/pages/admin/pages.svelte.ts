import {refusal} from '../../ui/refusal'

// Pages are the lines of a list that comes in pages, as far as they were asked for.
export class Pages<T> {
  items: T[] = $state.raw([])
  next = $state('')
  bad = $state('')
  loaded = $state(false)

  constructor(private ask: (cursor: string | undefined) => Promise<{items: T[]; next?: string}>) {}

  async load(more = false): Promise<void> {
    try {
      const page = await this.ask(more ? this.next : undefined)
      this.items = more ? [...this.items, ...page.items] : page.items
      this.next = page.next ?? ''
      this.bad = ''
      this.loaded = true
    } catch (e) {
      this.bad = refusal(e)
    }
  }
}
