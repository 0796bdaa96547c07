// What figures of campaigns mean, and what may be done: pure.
import type {Schemas} from '../../api/client'

export type Order = Schemas['CampaignOrder']['do']
export type State = Schemas['CampaignState']
export const orders: Order[] = ['start', 'pause', 'resume', 'drain', 'stop']

// leads says where an order leads from a state; what is not here is refused (dialer/campaign/run.go).
const leads: Record<State, Partial<Record<Order, State>>> = {
  ready: {start: 'running'},
  running: {pause: 'paused', drain: 'draining', stop: 'stopped'},
  paused: {resume: 'running', drain: 'draining', stop: 'stopped'},
  draining: {resume: 'running', stop: 'stopped'},
  stopped: {start: 'running'},
}

export function leadsTo(from: State, order: Order): State | undefined {
  return leads[from]?.[order]
}

// up counts the calls of a campaign that are up.
export function up(l: Schemas['CampaignLive']): number {
  return l.on_way + l.waiting + l.connected + l.machines
}

export interface Gauge {
  share: number // abandoned of answered
  used: number // of the limit, 1 at it; what goes beyond twice the limit is not drawn
  level: 'fine' | 'near' | 'over'
}

// gauge says how a campaign stands to its limit of abandoned calls.
export function gauge(l: Pick<Schemas['CampaignLive'], 'answered' | 'abandoned' | 'limit'>): Gauge {
  const share = l.answered > 0 ? l.abandoned / l.answered : 0
  const used = l.limit > 0 ? share / l.limit : 0
  return {share, used: Math.min(used, 2), level: used > 1 ? 'over' : used > 0.8 ? 'near' : 'fine'}
}

export interface Standing {
  fresh: number
  left: number // to be called yet, fresh ones among them
  done: number
  exhausted: number // of done, because as many attempts were made as may
  invalid: number // attempts that found no such number
  rate: number | undefined // share of attempts that a person answered
}

// standing sums a list up.
export function standing(h: Schemas['CampaignListHealth']): Standing {
  let looked = 0
  let done = 0
  let exhausted = 0
  for (const x of h.looked) {
    looked += x.leads
    if (x.state !== 'finished') continue
    done += x.leads
    if (x.reason === 'attempts_lead' || x.reason === 'attempts_number') exhausted += x.leads
  }
  return {fresh: Math.max(0, h.leads - looked), left: Math.max(0, h.leads - done), done, exhausted, invalid: h.results.invalid ?? 0, rate: h.attempts > 0 ? h.answered / h.attempts : undefined}
}

// bars are counts by size, each with its part of the largest.
export function bars(of: Record<string, number>): {name: string; n: number; part: number; share: number}[] {
  const all = Object.entries(of).filter(([, n]) => n > 0).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const most = all[0]?.[1] ?? 1
  const sum = all.reduce((s, [, n]) => s + n, 0)
  return all.map(([name, n]) => ({name, n, part: n / most, share: n / sum}))
}

// Reasons come as "rule: CO/hours": the word, and the rule that it is.
export function reasonOf(reason: string): {code: string; rule: string} {
  const own = /^rule: campaign [^/]+\/(attempts_day|attempts_week)$/.exec(reason)?.[1] // a limit of the campaign itself
  if (own !== undefined) return {code: own, rule: ''}
  const i = reason.indexOf(': ')
  return i < 0 ? {code: reason, rule: ''} : {code: reason.slice(0, i), rule: reason.slice(i + 2)}
}

export interface Moment {
  at: number
  onWay: number
  connected: number
  free: number
}
export type Series = 'onWay' | 'connected' | 'free'
export const series: Series[] = ['onWay', 'connected', 'free']

// kept adds a moment to those of the last so many ms, at most one a second.
export function kept(before: Moment[], m: Moment, span: number): Moment[] {
  const last = before.at(-1)
  const list = last && m.at - last.at < 1_000 ? before.slice(0, -1) : before
  return [...list.filter((x) => m.at - x.at <= span), m]
}

// most is the top of a chart: one of 1, 2, 5, 10, 20 … that holds every value.
export function most(of: Moment[]): number {
  const top = Math.max(1, ...of.flatMap((m) => series.map((s) => m[s])))
  for (let ten = 1; ; ten *= 10) for (const k of [1, 2, 5]) if (k * ten >= top) return k * ten
}

// line is a series as the points of a polyline: the last so many ms from left to right, 0 at the bottom.
export function line(of: Moment[], s: Series, now: number, span: number, width: number, height: number): string {
  const top = most(of)
  return of.map((m) => `${(width * (1 - (now - m.at) / span)).toFixed(1)},${(height * (1 - m[s] / top)).toFixed(1)}`).join(' ')
}

// What a column of a file may be, beside a field of its own.
export const columnWords = ['phone', 'id', 'name', 'first_name', 'last_name', 'language', 'time_zone', '-'] as const

// What a field may be, with how it is written where no row tells.
export const kinds = ['text', 'number', 'number:comma', 'number:point', 'date', 'date:dmy', 'date:mdy'] as const

export interface Column {
  heading: string
  word: string // one of columnWords, or field
  field: string
  kind: string // one of kinds
}

// columnOf reads what the API says that a column is: a word, or a field's name with its kind behind a colon.
export function columnOf(c: Schemas['ImportColumn']): Column {
  if ((columnWords as readonly string[]).includes(c.as)) return {heading: c.heading, word: c.as, field: '', kind: 'text'}
  const [field = '', ...kind] = c.as.split(':')
  return {heading: c.heading, word: 'field', field, kind: kind.join(':') || 'text'}
}

// asOf is the opposite.
export function asOf(c: Column): string {
  return c.word === 'field' ? c.field.trim() + (c.kind === 'text' ? '' : ':' + c.kind) : c.word
}

// said are columns as the API wants them.
export function said(of: Column[]): Record<string, string> {
  return Object.fromEntries(of.map((c) => [c.heading, asOf(c)]))
}

export function works(state: Schemas['ImportState']): boolean {
  return state === 'checking' || state === 'running' || state === 'undoing'
}

// local is a moment as an input of a day and a time has it, on the clock of whoever looks.
export function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
