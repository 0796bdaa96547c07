import {expect, test} from 'vitest'
import type {Schemas} from '../../src/api/client'
import {asOf, bars, columnOf, gauge, kept, leadsTo, line, most, orders, reasonOf, said, standing, type Moment, type State} from '../../src/pages/campaigns/figures'

test('orders lead where the state machine has them lead', () => {
  const table: Record<State, string> = {ready: 'start:running', running: 'pause:paused drain:draining stop:stopped', paused: 'resume:running drain:draining stop:stopped', draining: 'resume:running stop:stopped', stopped: 'start:running'}
  for (const [from, want] of Object.entries(table)) {
    const got = orders.filter((o) => leadsTo(from as State, o)).map((o) => `${o}:${leadsTo(from as State, o)}`)
    expect(got.join(' ')).toBe(want)
  }
})

test.each([
  ['nobody answered', 0, 0, 0, 0, 'fine'],
  ['within', 1, 100, 0.01, 1 / 3, 'fine'],
  ['near', 29, 1000, 0.029, 0.029 / 0.03, 'near'],
  ['at the limit', 3, 100, 0.03, 1, 'near'],
  ['over', 4, 100, 0.04, 4 / 3, 'over'],
  ['far over', 50, 100, 0.5, 2, 'over'],
] as const)('the gauge: %s', (_, abandoned, answered, share, used, level) => {
  const g = gauge({abandoned, answered, limit: 0.03})
  expect(g.level).toBe(level)
  expect(g.share).toBeCloseTo(share)
  expect(g.used).toBeCloseTo(used)
})

test('a list is summed up', () => {
  const looked = (state: Schemas['CampaignLeads']['state'], reason: string, leads: number): Schemas['CampaignLeads'] => ({state, reason, leads})
  const h: Schemas['CampaignListHealth'] = {
    list: 'l', leads: 100, attempts: 40, answered: 10, results: {busy: 25, invalid: 5, served: 10}, dispositions: {sale: 3},
    looked: [looked('due', 'retry_wait', 20), looked('calling', '', 2), looked('finished', 'finished', 10), looked('finished', 'attempts_lead', 7)],
  }
  expect(standing(h)).toEqual({fresh: 61, left: 83, done: 17, exhausted: 7, invalid: 5, rate: 0.25})
  expect(standing({...h, leads: 0, looked: [], attempts: 0}).rate).toBeUndefined()
})

test('bars have the largest first, and leave out what is none', () => {
  expect(bars({busy: 1, served: 3, failed: 0})).toEqual([{name: 'served', n: 3, part: 1, share: 0.75}, {name: 'busy', n: 1, part: 1 / 3, share: 0.25}])
  expect(bars({})).toEqual([])
})

test('columns go to the API as they came', () => {
  for (const as of ['phone', 'first_name', '-', 'amount', 'amount:number', 'amount:number:comma', 'due:date:dmy']) expect(asOf(columnOf({heading: 'x', as}))).toBe(as)
  expect(asOf({heading: 'x', word: 'phone', field: 'amount', kind: 'number'})).toBe('phone')
  expect(said([columnOf({heading: 'celular', as: 'phone'}), columnOf({heading: 'saldo', as: 'due:number'})])).toEqual({celular: 'phone', saldo: 'due:number'})
})

test('the chart keeps a moment a second of its span, and draws it from right to left', () => {
  const m = (s: number, onWay: number): Moment => ({at: s * 1_000, onWay, connected: 0, free: 1})
  let of: Moment[] = []
  for (const one of [m(0, 1), m(0.4, 2), m(30, 5), m(60, 12)]) of = kept(of, one, 60_000)
  expect(of.map((x) => x.onWay)).toEqual([2, 5, 12])
  expect(most(of)).toBe(20)
  expect(line(of.slice(1), 'onWay', 60_000, 60_000, 600, 100)).toBe('300.0,75.0 600.0,40.0')
  expect(kept(of, m(200, 1), 60_000)).toHaveLength(1)
})

test('a reason names its rule', () => {
  expect(reasonOf('rule: CO/hours')).toEqual({code: 'rule', rule: 'CO/hours'})
  expect(reasonOf('retry_wait')).toEqual({code: 'retry_wait', rule: ''})
  expect(reasonOf('rule: campaign march/attempts_day')).toEqual({code: 'attempts_day', rule: ''})
})
