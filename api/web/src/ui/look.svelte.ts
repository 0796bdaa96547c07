import {keep, kept} from './kept'

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

class Look {
  theme: Theme = $state(kept('theme', themes, 'auto'))

  set(t: Theme): void {
    this.theme = t
    keep('theme', t)
  }
}

export const look = new Look()
