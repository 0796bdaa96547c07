import {describe, expect, test} from 'vitest'
import {exactly, heat, named, ordered, plot, reading, step, symbolsIn} from '../../src/pages/reports/figures'
import {asked, may, read, write, type Info, type Report} from '../../src/pages/reports/question'
import {days, isZone, moment, span, wall} from '../../src/ui/zoned'

const at = (iso: string) => Date.parse(iso)

describe('time zones', () => {
  const rows: [string, string, string][] = [
    ['2026-03-02T09:30', 'America/Bogota', '2026-03-02T14:30:00Z'],
    ['2026-03-02T00:00', 'UTC', '2026-03-02T00:00:00Z'],
    ['2026-07-01T00:00', 'Europe/Madrid', '2026-06-30T22:00:00Z'],
    ['2026-03-29T02:30', 'Europe/Madrid', '2026-03-29T01:30:00Z'], // clocks leap over it
    ['2026-03-29T03:00', 'Europe/Madrid', '2026-03-29T01:00:00Z'],
    ['2026-10-25T02:30', 'Europe/Madrid', '2026-10-25T00:30:00Z'], // it comes twice
    ['2026-10-25T03:00', 'Europe/Madrid', '2026-10-25T02:00:00Z'],
    ['2026-03-02', 'Asia/Kathmandu', '2026-03-01T18:15:00Z'],
    ['2026-03-29T00:00', 'Pacific/Apia', '2026-03-28T11:00:00Z'],
  ]
  test.each(rows)('%s in %s is %s', (text, zone, want) => expect(moment(text, zone)).toBe(at(want)))
  test('back and forth', () => {
    for (const zone of ['UTC', 'America/Bogota', 'Europe/Madrid', 'Australia/Lord_Howe', 'America/Caracas']) {
      for (let t = at('2026-01-01T00:00Z'); t < at('2027-01-01T00:00Z'); t += 3_600_000 * 31) {
        const back = moment(wall(t, zone), zone)
        expect([t, t - 3_600_000, t - 1_800_000]).toContain(back) // the first of two
        expect(wall(back, zone)).toBe(wall(t, zone))
      }
    }
  })
  test('no time, no zone', () => {
    expect(moment('nonsense', 'UTC')).toBeNaN()
    expect(isZone('Mars/Olympus')).toBe(false)
    expect(isZone('')).toBe(false)
    expect(isZone('America/Bogota')).toBe(true)
  })
  test('days and spans', () => {
    expect(days('2026-03-01', -1)).toBe('2026-02-28')
    const sunday = at('2026-03-02T03:00Z') // still Sunday in Bogotá
    const zone = 'America/Bogota'
    expect(span('today', sunday, zone)).toEqual({from: '2026-03-01T00:00', to: '2026-03-02T00:00'})
    expect(span('yesterday', sunday, zone)).toEqual({from: '2026-02-28T00:00', to: '2026-03-01T00:00'})
    expect(span('this_week', sunday, zone)).toEqual({from: '2026-02-23T00:00', to: '2026-03-02T00:00'})
    expect(span('last_week', sunday, zone)).toEqual({from: '2026-02-16T00:00', to: '2026-02-23T00:00'})
    expect(span('this_month', sunday, zone)).toEqual({from: '2026-03-01T00:00', to: '2026-04-01T00:00'})
    expect(span('last_month', sunday, zone)).toEqual({from: '2026-02-01T00:00', to: '2026-03-01T00:00'})
    expect(span('this_month', at('2026-01-31T12:00Z'), 'UTC').to).toBe('2026-02-01T00:00')
  })
})

const info: Info = {report: 'service', title: '', by: ['queue', 'agent', 'interval', 'hour', 'day', 'weekday'], columns: [], symbols: [], notes: []}
const people: Info = {...info, report: 'agents', by: ['agent', 'team', 'day']}

describe('questions', () => {
  const now = at('2026-03-02T15:00Z')
  test('what is written is read again', () => {
    const q = read('?from=2026-02-01T00:00&to=2026-03-01T00:00&zone=America/Bogota&by=day,hour&interval=15&queue=a%26b&sort=-offered&columns=all&digits=all&draw=asa_ms&view=heat', now, 'UTC')
    expect(q.filters.queue).toBe('a&b')
    expect(read(write(q), now + 1e9, 'Europe/Madrid')).toEqual(q)
  })
  test('what is wrong is that of today', () => {
    const q = read('?from=yesterday&to=9&zone=Mars&interval=7&view=odd', now, 'America/Bogota')
    expect(q).toEqual(read('', now, 'America/Bogota'))
    expect(q.from).toBe('2026-03-02T00:00')
    expect(q.zone).toBe('America/Bogota')
  })
  test('what the API is asked', () => {
    const q = read('?zone=America/Bogota&by=queue,reason&queue=sales&team=day&campaign=x', now, 'UTC')
    expect(asked(q, info, now)).toEqual({from: '2026-03-02T05:00:00.000Z', to: '2026-03-02T15:00:00.000Z', time_zone: 'America/Bogota', interval_ms: 1_800_000, by: 'queue', queue: 'sales', team: 'day'})
    expect(asked({...q, view: 'heat'}, info, now).by).toBe('weekday,hour')
    expect(asked({...q, to: '2026-03-02T01:00'}, info, now).to).toBe('2026-03-02T06:00:00.000Z')
    expect(may(people, 'queue')).toBe(false)
    expect(may(people, 'team')).toBe(true)
  })
})

const column = (name: string, unit: 'count' | 'ms' | 'share', brief = true) => ({name, title: {en: name}, unit, formula: '', meaning: '', brief})
const report = (by: string[], rows: [string[], (number | null)[]][]): Report => ({
  report: 'service', from: '', to: '', time_zone: 'UTC', by, columns: [column('offered', 'count'), column('sl', 'share'), column('asa_ms', 'ms', false)],
  rows: rows.map(([keys, values]) => ({keys, values})), total: [],
})

describe('figures', () => {
  test('exactly is as in CSV', () => {
    expect([exactly(0.833333), exactly(12), exactly(null), exactly(12345.666667), exactly(0.000001)]).toEqual(['0.833333', '12', '', '12345.666667', '0.000001'])
  })
  test('reading is for people', () => {
    expect(reading('ms', 3_725_400, 'en')).toBe('1:02:05')
    expect(reading('ms', 59_600, 'en')).toBe('0:01:00')
    expect(reading('share', 0.8333, 'en')).toBe('83.3%')
    expect(reading('count', 1234, 'en')).toBe('1,234')
    expect(reading('share', null, 'es')).toBe('–')
  })
  test('symbols of a formula', () => {
    const all = ['A', 'A_T', 'B', 'B_s', 'w', 'w(A)', 'T_pa'].map((symbol) => ({symbol}))
    const of = (f: string) => symbolsIn(f, all).map((s) => s.symbol)
    expect(of('A_T / (A + B - B_s)')).toEqual(['A', 'A_T', 'B', 'B_s'])
    expect(of('w(A) / A')).toEqual(['A', 'w(A)'])
    expect(of('(T_pa - T_ov) / T_pa')).toEqual(['T_pa'])
  })
  test('order', () => {
    const r = report(['queue'], [[['a'], [2, null]], [['b'], [5, 0.5]], [['c'], [2, 0.9]]])
    const keys = (sort: string) => ordered(r, sort).map((x) => x.keys[0]).join('')
    expect([keys(''), keys('offered'), keys('-offered'), keys('sl'), keys('-sl'), keys('-queue'), keys('none')]).toEqual(['abc', 'acb', 'bac', 'bca', 'cba', 'cba', 'abc'])
  })
  test('plots', () => {
    expect(plot(report(['day'], [[['2026-03-01'], [3]], [['2026-03-02'], [4]]]), 0)).toEqual({labels: ['2026-03-01', '2026-03-02'], bars: false, lines: [{name: '', values: [3, 4]}]})
    expect(plot(report(['queue'], [[['a'], [3]]]), 0)?.bars).toBe(true)
    expect(plot(report(['queue', 'agent'], [[['a', 'b'], [3]]]), 0)).toBeUndefined()
    const two = plot(report(['queue', 'hour'], [[['a', '11:00'], [3]], [['b', '09:00'], [9]], [['b', '11:00'], [1]]]), 0)
    expect(two).toEqual({labels: ['09:00', '11:00'], bars: false, lines: [{name: 'b', values: [9, 1]}, {name: 'a', values: [null, 3]}]})
  })
  test('a map of hours', () => {
    const h = heat(report(['weekday', 'hour'], [[['Monday', '09:00'], [3]], [['Sunday', '23:00'], [7]], [['Sunday', '10:00'], [7]]]), 0)
    expect(h.rows[0]!.cells[9]).toBe(3)
    expect(h.rows[6]!.cells[23]).toBe(7)
    expect(h.peak).toEqual({weekday: 6, hour: 23, value: 7})
    expect([step(null, 7), step(0, 7), step(1, 100), step(7, 7), step(3, 7)]).toEqual([0, 0, 1, 5, 3])
  })
  test('names of keys', () => {
    const names = (_: string, k: string) => k.toUpperCase()
    expect([named('queue', 'a', 'en', names), named('weekday', 'Monday', 'es', names), named('interval', '2026-03-02T09:30:00-05:00', 'en', names), named('agent', '', 'en', names)])
      .toEqual(['A', 'lunes', '2026-03-02 09:30', '–'])
  })
})
