import {describe, expect, test} from 'vitest'
import type {Schemas} from '../../src/api/client'
import {storyOf, wave} from '../../src/pages/recordings/marks'
import {keeps, read, seconds, write, type Recording} from '../../src/pages/recordings/search'

const begin = Date.parse('2026-03-02T12:00:00Z')
const rec: Recording = {id: 'r1', call: 'c', pbx: 'main', kind: 'conversation', started_at: '2026-03-02T12:00:00Z', state: 'finished', duration_ms: 60_000}
const entry = (s: number, type: Schemas['EntryType'], data: Record<string, unknown> = {}) =>
  ({type, at: new Date(begin + s * 1000).toISOString(), data}) as unknown as Schemas['Entry']
const news = (s: number, state: string, recording = 'r1') => entry(s, 'call.recording', {recording, state, by: 'agent:101'})

describe('what happened in a recording', () => {
  const rows: [string, Schemas['Entry'][], [number, number][], [number, number][], string][] = [
    ['nothing', [], [], [], ''],
    ['muted and heard again', [news(5, 'muted'), news(9, 'unmuted')], [[5, 9]], [], 'muted unmuted'],
    ['muted twice, the second to its end', [news(5, 'muted'), news(9, 'unmuted'), news(50, 'muted')], [[5, 9], [50, 60]], [], 'muted unmuted muted'],
    ['muted when it was already', [news(5, 'muted'), news(6, 'muted'), news(9, 'unmuted'), news(10, 'unmuted')], [[5, 9]], [], 'muted muted unmuted unmuted'],
    ['another recording of the call is muted', [news(5, 'muted', 'r2')], [], [], ''],
    ['muted as it begins', [news(-0.01, 'muted'), news(3, 'unmuted')], [[0, 3]], [], 'unmuted'],
    ['held in a conversation that ends so', [entry(10, 'call.held', {by: 'agent:101'}), entry(20, 'call.parted', {agent: '101'})], [], [[10, 20]], 'held parted'],
    ['held and muted at once', [entry(10, 'call.held'), news(12, 'muted'), entry(20, 'call.resumed'), news(21, 'unmuted')], [[12, 21]], [[10, 20]], 'held muted resumed unmuted'],
    ['before and after it', [entry(-5, 'call.answered'), entry(0, 'call.connected', {agent: '101'}), entry(61, 'call.transfer', {destination: '102', result: 'done'})], [], [], 'connected'],
    ['a transfer that comes to nothing', [entry(5, 'call.transfer', {destination: '102', result: 'refused'}), entry(6, 'call.transfer', {destination: '103', result: 'done'})], [], [], 'transfer'],
    ['somebody is asked', [entry(5, 'call.consult', {destination: '102', result: 'asked'}), entry(8, 'call.consult', {result: 'answered'}), entry(9, 'call.consult', {result: 'completed', guest: '102'})], [], [], 'consult transfer'],
    ['a supervisor comes in', [entry(5, 'call.supervised', {supervisor: '9', state: 'asked'}), entry(6, 'call.supervised', {supervisor: '9', state: 'on'})], [], [], 'supervised'],
  ]
  test.each(rows)('%s', (_, timeline, muted, held, marks) => {
    const got = storyOf(rec, timeline, 60_000)
    const spans = (list: {from: number; to: number}[]) => list.map((s) => [s.from / 1000, s.to / 1000])
    expect([spans(got.muted), spans(got.held), got.marks.map((m) => m.what).join(' ')]).toEqual([muted, held, marks])
  })
  test('an entry without data', () => expect(storyOf(rec, [{type: 'call.held', at: rec.started_at}], 1000).held).toEqual([{from: 0, to: 1000}]))
})

test('a wave', () => {
  expect(wave([])).toBe('')
  expect(wave([0, 255])).toBe('M0.0 49.5H500.0L500.0 1.5H1000.0L1000.0 98.5H500.0L500.0 50.5H0.0Z')
})

test('what is written is searched again', () => {
  const q = '?from=2026-03-01T00:00&to=2026-03-02T00:00&zone=America/Bogota&queue=a%26b&agent=101&number=%2B573001234567&least=1:30&most=900&kind=voicemail&deleted='
  const s = read(q, begin, 'UTC')
  expect([s.queue, s.number, s.zone, s.deleted, s.kind]).toEqual(['a&b', '+573001234567', 'America/Bogota', true, 'voicemail'])
  expect(read(write(s), begin + 1e10, 'UTC')).toEqual(s)
  expect(read('?from=x&zone=Mars&kind=odd', begin, 'UTC')).toEqual(read('', begin, 'UTC'))
})

test('lengths', () => {
  expect(['', ' 90 ', '1:30', '1:00:05', '1:60', 'long', '-3', '1:2'].map(seconds)).toEqual([undefined, 90, 90, 3605, NaN, NaN, NaN, NaN])
})

test('what is kept', () => {
  const of = (q: string, r: Partial<Recording> = {}) => keeps(read(q, begin, 'UTC'), {...rec, ...r})
  expect([of(''), of('?least=60'), of('?least=61'), of('?most=59'), of('?most=1:00'), of('?kind=voicemail'), of('', {deleted_at: 'x'}), of('?deleted=', {deleted_at: 'x'}), of('?least=1', {duration_ms: undefined})])
    .toEqual([true, true, false, false, true, false, false, true, false])
})
