// How figures are shown, ordered, drawn and put on a map of hours.
import type {Column, Report} from './question'

type Value = number | null | undefined

// exactly is a value as CSV and XLSX have it.
export function exactly(v: Value): string {
  return v == null ? '' : String(v)
}

// reading is a value for people: 0:01:05, 83.3 %, 12.
export function reading(unit: Column['unit'], v: Value, language: string): string {
  if (v == null) return '–'
  if (unit === 'share') return new Intl.NumberFormat(language, {style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1}).format(v)
  if (unit === 'count') return new Intl.NumberFormat(language, {maximumFractionDigits: 2}).format(v)
  const s = Math.round(v / 1000)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
}

// symbolsIn are those of which a formula speaks: "A_T / (A + B - B_s)" of four.
export function symbolsIn<S extends {symbol: string}>(formula: string, all: S[]): S[] {
  const words = new Set(formula.split(/[ +\-/]+/).flatMap((w) => [w, w.replace(/^\(+|\)+$/g, '')]))
  return all.filter((s) => words.has(s.symbol))
}

// shown are the columns that are to be seen, by their place.
export function shown(r: Report, all: boolean): number[] {
  return r.columns.flatMap((c, i) => (all || c.brief ? [i] : []))
}

export type Row = Report['rows'][number]

// ordered are the rows as somebody wants them. What has no value is last either way; equal ones stay as they were.
export function ordered(r: Report, sort: string): Row[] {
  const down = sort.startsWith('-')
  const name = down ? sort.slice(1) : sort
  const key = r.by.indexOf(name)
  const column = r.columns.findIndex((c) => c.name === name)
  if (name === '' || (key < 0 && column < 0)) return r.rows
  if (key >= 0) return down ? [...r.rows].reverse() : r.rows // the API has them in the order of keys
  return [...r.rows].sort((a, b) => {
    const x = a.values[column]
    const y = b.values[column]
    if (x == null || y == null) return (x == null ? 1 : 0) - (y == null ? 1 : 0)
    return down ? y - x : x - y
  })
}

export interface Plot {
  labels: string[] // keys, of what lies along
  bars: boolean // what lies along is no time
  lines: {name: string; values: (number | null)[]}[]
}

const times = ['interval', 'hour', 'day', 'weekday']
const mostLines = 6
const mostBars = 30

// plot is a report drawn: over time, a line for each name; else a bar for each name; undefined when it can be neither.
export function plot(r: Report, column: number): Plot | undefined {
  if (column < 0 || r.rows.length === 0) return undefined
  const value = (row: Row) => row.values[column] ?? null
  if (r.by.length === 1) {
    const time = times.includes(r.by[0]!)
    const rows = time ? r.rows : r.rows.slice(0, mostBars)
    return {labels: rows.map((x) => x.keys[0]!), bars: !time, lines: [{name: '', values: rows.map(value)}]}
  }
  const along = r.by.findIndex((d) => times.includes(d))
  const other = 1 - along
  if (r.by.length !== 2 || along < 0 || times.includes(r.by[other]!)) return undefined
  // In the order in which the API has them: that of time is the same for all names.
  const labels = [...new Set(r.rows.map((x) => x.keys[along]!))]
  if (other === 0) labels.sort((a, b) => place(r, along, a) - place(r, along, b))
  const sums = new Map<string, number>()
  for (const row of r.rows) sums.set(row.keys[other]!, (sums.get(row.keys[other]!) ?? 0) + Math.abs(value(row) ?? 0))
  const names = [...sums].sort((a, b) => b[1] - a[1]).slice(0, mostLines).map(([n]) => n)
  const at = new Map(labels.map((l, i) => [l, i]))
  const lines = names.map((name) => ({name, values: new Array<number | null>(labels.length).fill(null)}))
  for (const row of r.rows) {
    const line = lines[names.indexOf(row.keys[other]!)]
    if (line) line.values[at.get(row.keys[along]!)!] = value(row)
  }
  return {labels, bars: false, lines}
}

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

// place orders the keys of a time.
function place(r: Report, along: number, key: string): number {
  switch (r.by[along]) {
    case 'weekday':
      return weekdays.indexOf(key)
    case 'hour':
      return parseInt(key, 10)
    default:
      return Date.parse(key)
  }
}

export interface Heat {
  rows: {weekday: number; cells: (number | null)[]}[] // Monday is 0; a cell for each hour
  peak: {weekday: number; hour: number; value: number} | undefined // the first of the highest
}

// heat is a report by weekday and hour as a map.
export function heat(r: Report, column: number): Heat {
  const rows = weekdays.map((_, weekday) => ({weekday, cells: new Array<number | null>(24).fill(null)}))
  let peak: Heat['peak']
  for (const row of r.rows) {
    const weekday = weekdays.indexOf(row.keys[0]!)
    const hour = parseInt(row.keys[1]!, 10)
    const value = row.values[column] ?? null
    if (weekday < 0 || !(hour >= 0 && hour < 24)) continue
    rows[weekday]!.cells[hour] = value
    if (value != null && value > 0 && (!peak || value > peak.value)) peak = {weekday, hour, value}
  }
  return {rows, peak}
}

// step is how strongly a cell is coloured, 0 to 5.
export function step(v: number | null, peak: number): number {
  return v == null || v <= 0 || peak <= 0 ? 0 : Math.max(1, Math.ceil((v / peak) * 5))
}

// named is a key as people read it: times in words, names as they are defined.
export function named(dimension: string, key: string, language: string, names: (dimension: string, key: string) => string): string {
  if (key === '') return '–'
  if (dimension === 'interval') return key.slice(0, 16).replace('T', ' ')
  if (dimension === 'weekday') return weekday(weekdays.indexOf(key), language)
  return names(dimension, key)
}

// weekday is a day of the week in words; Monday is 0.
export function weekday(n: number, language: string, short = false): string {
  return new Intl.DateTimeFormat(language, {weekday: short ? 'short' : 'long', timeZone: 'UTC'}).format(Date.UTC(2024, 0, 1 + n)) // a Monday
}
