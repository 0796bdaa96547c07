// What somebody likes to see, as the server keeps it for every browser. This browser keeps language and
// colours, too, for before anybody has signed in.
import {get, put, type Schemas} from './api/client'
import {i18n, type Language} from './i18n/index.svelte'
import {look, type Theme} from './ui/look.svelte'

export type SavedView = Schemas['SavedView']

class Preferences {
  private kept: Schemas['Preferences'] = $state.raw({})
  private loaded = false
  private sending: Promise<unknown> = Promise.resolve() // until what was changed last is kept

  async load(): Promise<void> {
    try {
      await this.sending // or what is on its way would be taken back
      this.kept = (await get('/api/v1/me/preferences')) ?? {}
      this.loaded = true
    } catch {
      return // what this browser keeps will do
    }
    if (this.kept.language) i18n.set(this.kept.language)
    if (this.kept.theme) look.set(this.kept.theme)
  }

  language(language: Language): void {
    i18n.set(language)
    void this.keep({language})
  }

  theme(theme: Theme): void {
    look.set(theme)
    void this.keep({theme})
  }

  // views are those of a page that have a name.
  views(page: string): SavedView[] {
    return (this.kept.views ?? []).filter((v) => v.page === page)
  }

  // save keeps what a page shows under a name, instead of what had the name; false when it is not kept.
  save(view: SavedView): Promise<boolean> {
    return this.keep({views: [...this.without(view), view]})
  }

  drop(view: SavedView): Promise<boolean> {
    return this.keep({views: this.without(view)})
  }

  private without(view: SavedView): SavedView[] {
    return (this.kept.views ?? []).filter((v) => v.page !== view.page || v.name !== view.name)
  }

  // keep sends changes one after the other, each with those before: of two in quick succession none is lost.
  private keep(change: Schemas['Preferences']): Promise<boolean> {
    const sent = this.sending.then(async () => {
      if (!this.loaded) return false
      try {
        this.kept = await put('/api/v1/me/preferences', {body: {...this.kept, ...change}})
        return true
      } catch {
        return false
      }
    })
    this.sending = sent
    return sent
  }
}

export const preferences = new Preferences()
