import {expect, test} from 'vitest'
import type {Agent, Call} from '../../src/api/client'
import {read, trimmed, type Draft} from '../../src/pages/agent/drafts.svelte'
import {acts, meant, merged, standard, typing} from '../../src/pages/agent/keys.svelte'
import {afterCall, asksDate, guestOf, hinders, mainOf, phaseOf, treeOf, type Act, type Not, type QueueChoices} from '../../src/pages/agent/judge'

const agent = (v: Partial<Agent>): Agent => ({id: '101', state: 'available', queues: ['sales'], calls: 0, talk_ms: 0, ...v})
const call = (v: Partial<Call>): Call => ({id: 'c1', pbx: 'main', kind: 'inbound', caller: {number: '+34600123456'}, started_at: '2026-03-02T12:00:00Z', state: 'talking', serving: '101', ...v})
const queue = (v: Partial<QueueChoices>): QueueChoices => ({id: 'sales', serves: true, dispositions: [], required: false, several: 1, extends: false, calls_back: false, ...v})

test.each([
  ['talks', call({}), 'talking'],
  ['rings', call({state: 'offered'}), 'offered'],
  ['calls', call({kind: 'outbound', state: 'dialing'}), 'dialing'],
  ['is asked', call({serving: '102', guests: [{role: 'consult', agent: '101', state: 'ringing', held: false}]}), 'asked'],
  ['has served', call({serving: '', agent: '101', state: 'flow'}), 'over'],
] as const)('an agent who %s', (_, c, want) => {
  expect(phaseOf('101', c)).toBe(want)
})

test('of two calls within a second one is shown, and stays', () => {
  const first = call({id: 'c1', state: 'offered'})
  const second = call({id: 'c2', started_at: '2026-03-02T12:00:00.5Z', serving: '102', guests: [{role: 'consult', agent: '101', state: 'ringing', held: false}]})
  expect(mainOf(agent({state: 'reserved', call: 'c1'}), [second, first])?.id).toBe('c1')
  expect(mainOf(agent({}), [second, first])?.id).toBe('c1')
  expect(mainOf(agent({}), [call({serving: '', state: 'flow'})])).toBeUndefined()
})

test('what happens after a call', () => {
  expect(afterCall(agent({state: 'talking', next: 'pause'}), queue({required: true}), false)).toEqual(['wrapup', 'outcome', 'pause'])
  expect(afterCall(agent({state: 'wrapup'}), queue({required: true}), true)).toEqual(['next'])
})

test('dispositions by their groups', () => {
  const all = [{id: 'sale'}, {id: 'cash', parent: 'sale'}, {id: 'card', parent: 'sale'}, {id: 'no', date: true}]
  expect(treeOf(all, ['cash', 'card', 'no'], (d) => d.id.toUpperCase()).map((b) => [b.way, b.leaves.map((d) => d.id)])).toEqual([['SALE', ['cash', 'card']], ['', ['no']]])
  expect([asksDate(all, ['cash']), asksDate(all, ['cash', 'no'])]).toEqual([false, true])
})

const guest = (v: object) => ({role: 'consult' as const, agent: '102', state: 'joined', held: false, ...v})
const may = {may: () => true, old: false}
test.each<[Act, Call, {may: (op: string) => boolean; old: boolean}, Not]>([
  ['hold', call({}), may, ''],
  ['hold', call({state: 'offered'}), may, 'notTalking'],
  ['hold', call({}), {may: () => false, old: false}, 'noRight'],
  ['hold', call({}), {may: () => true, old: true}, 'old'],
  ['consult', call({held: true, guests: [guest({state: 'ringing'})]}), may, 'consulting'],
  ['swap', call({held: true, guests: [guest({state: 'ringing'})]}), may, 'notUp'],
  ['swap', call({held: true, guests: [guest({})]}), may, ''],
  ['mute', call({}), may, 'notRecorded'],
  ['mute', call({live_recording: {id: 'r1', state: 'running', muted: false}}), may, ''],
])('%s', (act, c, m, want) => {
  expect(hinders(act, '101', c, m)).toBe(want)
})

test('whom one asks', () => {
  expect(guestOf('101', call({held: true, guests: [guest({})]}))).toEqual({who: '102', up: true, together: false})
  expect(guestOf('101', call({guests: [guest({})]}))).toEqual({who: '102', up: true, together: true})
  expect(guestOf('101', call({}))).toBeUndefined()
})

const pressed = (v: object) => ({altKey: false, shiftKey: false, ctrlKey: false, metaKey: false, code: '', key: '', ...v})
test('keys', () => {
  expect(meant(pressed({altKey: true, shiftKey: true, code: 'KeyH'}), standard)).toBe('hold')
  expect(meant(pressed({altKey: true, code: 'KeyH'}), standard)).toBe('')
  expect(meant(pressed({code: 'KeyH', key: 'h'}), standard)).toBe('')
  expect(meant(pressed({key: '?', shiftKey: true}), standard)).toBe('help')
  expect(meant(pressed({altKey: true, shiftKey: true, ctrlKey: true, code: 'KeyH'}), standard)).toBe('')
  expect(new Set(Object.values(standard)).size).toBe(acts.length)
  expect(merged('{"hold":"Z"}').hold).toBe('Z')
  for (const odd of ['{"hold":"N"}', '{"hold":"zz"}', 'nonsense', 'null']) expect(merged(odd)).toEqual(standard)
  expect([typing({tagName: 'TEXTAREA'}), typing({tagName: 'INPUT', type: 'text'}), typing({tagName: 'INPUT', type: 'checkbox'}), typing({tagName: 'BUTTON'}), typing(null)]).toEqual([true, true, false, false, false])
})

test('notes that are kept', () => {
  const draft = (at: number, note: string): Draft => ({at, who: '', note, outcome: '', also: [], again: ''})
  const now = 10 * 86_400_000
  expect(Object.keys(trimmed({a: draft(now, 'x'), b: draft(now, ''), c: draft(now - 4 * 86_400_000, 'old')}, now))).toEqual(['a'])
  expect(Object.keys(trimmed(Object.fromEntries(Array.from({length: 40}, (_, n) => [String(n), draft(now - n, 'x')])), now))).toHaveLength(30)
  expect([read('nonsense'), read('{"a":1}'), read('')]).toEqual([{}, {}, {}])
})
