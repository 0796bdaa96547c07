// How things of campaigns are called.
import type {Campaign, Schemas} from '../../api/client'
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

// whyWord is why a campaign is as it is: what somebody wrote, or what operadora says of its own.
export function whyWord(run: Schemas['CampaignRun']): string {
  return run.changed_by === 'operadora' && run.why === 'the last call is over' ? text().over : (run.why ?? '')
}

// percent has two digits, as the law's figures do.
export function percent(v: number): string {
  return new Intl.NumberFormat(i18n.language, {style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2}).format(v)
}

// problem is what went wrong, for people; with the field that it is about.
export function problem(e: unknown): string {
  return text().failed(refusal(e))
}
