// What is asked of a report. The address has all of it, so that it can be sent to a colleague.
import type {Schemas} from '../../api/client'
import {isZone, moment, span} from '../../ui/zoned'

export type Info = Schemas['ReportInfo']
export type Report = Schemas['Report']
export type Column = Schemas['ReportColumn']

export const filters = ['queue', 'agent', 'team', 'skill', 'did', 'outcome', 'campaign'] as const
export type Filter = (typeof filters)[number]

export const views = ['table', 'heat'] as const
export const intervals = [5, 15, 30, 60] as const // minutes

export interface Question {
  from: string // wall times of the zone
  to: string // exclusive
  zone: string
  by: string[] // [] is what the report is by
  interval: number // minutes
  filters: Record<Filter, string>
  view: (typeof views)[number]
  sort: string // a column or what it is by; with - the largest first; "" is the report's own order
  all: boolean // columns
  exact: boolean // figures as they are in CSV and XLSX
  draw: string // the column that is drawn; "" is the first
}

// read takes a question out of an address; what it leaves open, or has wrong, is today's.
export function read(query: string, now: number, zone: string): Question {
  const p = new URLSearchParams(query)
  const z = p.get('zone') ?? ''
  zone = isZone(z) ? z : zone
  const today = span('today', now, zone)
  const time = (name: 'from' | 'to') => {
    const v = p.get(name) ?? ''
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(v) && !Number.isNaN(moment(v, zone)) ? v : today[name]
  }
  const interval = Number(p.get('interval'))
  return {
    from: time('from'), to: time('to'), zone,
    by: (p.get('by') ?? '').split(',').filter((d) => d !== ''),
    interval: intervals.find((i) => i === interval) ?? 30,
    filters: Object.fromEntries(filters.map((f) => [f, p.get(f) ?? ''])) as Question['filters'],
    view: views.find((v) => v === p.get('view')) ?? 'table',
    sort: p.get('sort') ?? '', all: p.get('columns') === 'all', exact: p.get('digits') === 'all', draw: p.get('draw') ?? '',
  }
}

// write puts a question into an address: from, to and zone always, for what they are otherwise is no two people's.
export function write(q: Question): string {
  const p = new URLSearchParams({from: q.from, to: q.to, zone: q.zone})
  const put = (name: string, value: string, unless = '') => {
    if (value !== unless) p.set(name, value)
  }
  put('by', q.by.join(','))
  put('interval', String(q.interval), '30')
  for (const f of filters) put(f, q.filters[f])
  put('view', q.view, 'table')
  put('sort', q.sort)
  put('columns', q.all ? 'all' : '')
  put('digits', q.exact ? 'all' : '')
  put('draw', q.draw)
  return '?' + p.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',')
}

// may tells whether a report has a filter.
export function may(info: Info, f: Filter): boolean {
  return f === 'agent' || f === 'team' || f === 'skill' || info.by.includes(f)
}

export interface Asked {
  from: string
  to: string
  time_zone: string
  by?: string
  interval_ms: number
  queue?: string
  agent?: string
  team?: string
  skill?: string
  did?: string
  outcome?: string
  campaign?: string
}

// asked is what the API is asked. What is yet to come is not asked for, so that what is downloaded is of the same
// time as what is seen. A heat map is by weekday and hour, whatever the table is by.
export function asked(q: Question, info: Info, now: number): Asked {
  const by = q.view === 'heat' ? ['weekday', 'hour'] : q.by.filter((d) => info.by.includes(d))
  const from = moment(q.from, q.zone)
  const to = Math.min(moment(q.to, q.zone), Math.max(now, from + 1))
  const out: Asked = {from: new Date(from).toISOString(), to: new Date(to).toISOString(), time_zone: q.zone, interval_ms: q.interval * 60_000}
  if (by.length > 0) out.by = by.join(',')
  for (const f of filters) if (q.filters[f] !== '' && may(info, f)) out[f] = q.filters[f]
  return out
}
