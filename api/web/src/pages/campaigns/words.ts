// How things of campaigns are called.
import type {Campaign} from '../../api/client'
import {i18n, inWords} from '../../i18n/index.svelte'
import {refusal} from '../../ui/refusal'
import {reasonOf} from './figures'
import {text} from './text'

export function nameOf(c: Campaign | undefined, id: string): string {
  return inWords(c?.name, id)
}

// reasonWord is why a lead is not called, in words, with the rule that it is.
export function reasonWord(reason: string): string {
  const {code, rule} = reasonOf(reason)
  const word = text().leads.reasons[code] ?? code
  return rule ? `${word}: ${rule}` : word
}

// percent has two digits, as the law's figures do.
export function percent(v: number): string {
  return new Intl.NumberFormat(i18n.language, {style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2}).format(v)
}

// problem is what went wrong, for people; with the field that it is about.
export function problem(e: unknown): string {
  return text().failed(refusal(e))
}
