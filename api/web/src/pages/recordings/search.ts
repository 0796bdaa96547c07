// What is looked for among recordings. The address has all of it.
import type {Schemas} from '../../api/client'
import {isZone, moment, span} from '../../ui/zoned'

export type Recording = Schemas['Recording']

export interface Search {
  from: string // wall times of the zone
  to: string // exclusive
  zone: string
  queue: string
  agent: string
  number: string // of the caller, in full
  kind: '' | Schemas['RecordingKind']
  least: string // seconds, "" is any
  most: string
  deleted: boolean
}

const texts = ['queue', 'agent', 'number', 'least', 'most'] as const

// read takes a search out of an address; what it leaves open, or has wrong, is that of this week.
export function read(query: string, now: number, zone: string): Search {
  const p = new URLSearchParams(query)
  const z = p.get('zone') ?? ''
  zone = isZone(z) ? z : zone
  const week = span('this_week', now, zone)
  const time = (name: 'from' | 'to') => {
    const v = p.get(name) ?? ''
    return Number.isNaN(moment(v, zone)) ? week[name] : v
  }
  const kind = p.get('kind')
  const out: Search = {from: time('from'), to: time('to'), zone, queue: '', agent: '', number: '', kind: kind === 'conversation' || kind === 'voicemail' ? kind : '', least: '', most: '', deleted: p.has('deleted')}
  for (const t of texts) out[t] = p.get(t) ?? ''
  return out
}

export function write(s: Search): string {
  const p = new URLSearchParams({from: s.from, to: s.to, zone: s.zone})
  for (const t of texts) if (s[t] !== '') p.set(t, s[t])
  if (s.kind) p.set('kind', s.kind)
  if (s.deleted) p.set('deleted', '')
  return '?' + p.toString().replaceAll('%3A', ':').replaceAll('%2F', '/')
}

// seconds reads a length: 90 or 1:30; undefined for none, NaN for what is no length.
export function seconds(text: string): number | undefined {
  const t = text.trim()
  if (t === '') return undefined
  if (!/^\d{1,3}(:[0-5]\d){0,2}$|^\d{1,6}$/.test(t)) return NaN
  return t.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

// keeps tells whether a recording is as the search wants it, in what the API is not asked for.
export function keeps(s: Search, r: Recording): boolean {
  const length = (r.duration_ms ?? 0) / 1000
  return (s.kind === '' || r.kind === s.kind) && length >= (seconds(s.least) ?? 0) && length <= (seconds(s.most) ?? Infinity) && (s.deleted || !r.deleted_at)
}
