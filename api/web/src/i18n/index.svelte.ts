import {en, type Words} from './en'
import {es} from './es'
import {keep, kept} from '../ui/kept'

export type Language = 'en' | 'es'

const words: Record<Language, Words> = {en, es}

class I18n {
  language: Language = $state(kept('language', ['en', 'es'], navigator.language.startsWith('es') ? 'es' : 'en'))

  get t(): Words {
    return words[this.language]
  }

  set(l: Language): void {
    this.language = l
    keep('language', l)
  }

  // time is a moment of today, as people read it.
  time(ms: number): string {
    return new Intl.DateTimeFormat(this.language, {hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false}).format(ms)
  }

  // moment is a day and a time, where whoever looks is.
  moment(at: string): string {
    return new Intl.DateTimeFormat(this.language, {dateStyle: 'medium', timeStyle: 'short'}).format(Date.parse(at))
  }

  number(v: number, digits = 0): string {
    return new Intl.NumberFormat(this.language, {maximumFractionDigits: digits}).format(v)
  }

  share(v: number): string {
    return new Intl.NumberFormat(this.language, {style: 'percent', maximumFractionDigits: 1}).format(v)
  }
}

export const i18n = new I18n()

// span is a length of time as 0:07, 12:34 or 1:02:03. Two machines' clocks may make it less than nothing.
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
}

// inWords is a text in the language of the page, else in whichever there is.
export function inWords(texts: Record<string, string> | undefined, otherwise: string): string {
  return texts?.[i18n.language] || texts?.en || otherwise
}
