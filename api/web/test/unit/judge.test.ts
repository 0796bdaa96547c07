import {expect, test} from 'vitest'
import type {Agent, Call, Queue} from '../../src/api/client'
import {becomes, type Means, everything, filterOf, hindersAgent, hindersCall, keepsAgent, keepsCall, levelOf, queryOf, sinceOf} from '../../src/pages/floor/judge'

const noon = Date.parse('2026-03-02T12:00:00Z')
const ago = (s: number) => new Date(noon - s * 1000).toISOString()
const queue = (waiting: number, longest: number, agents: Record<string, number>, t = 20_000): Queue => ({id: 'sales', waiting, agents, service_level_ms: t, ...(longest ? {longest_since: ago(longest)} : {})})
const agent = (v: Partial<Agent>): Agent => ({id: '101', name: 'Ana López', state: 'available', queues: ['sales'], calls: 0, talk_ms: 0, ...v})
const call = (v: Partial<Call>): Call => ({id: 'c1', pbx: 'main', kind: 'inbound', caller: {number: '+34600123456'}, started_at: ago(60), state: 'waiting', queue: 'sales', ...v})

test.each([
  ['nobody waits', queue(0, 0, {available: 1}), 'fine'],
  ['waits, in time', queue(1, 5, {talking: 1}), 'fine'],
  ['nearly too long', queue(1, 16, {talking: 1}), 'near'],
  ['too long', queue(1, 21, {talking: 1}), 'over'],
  ['there is no threshold', queue(1, 900, {talking: 1}, 0), 'fine'],
  ['nobody is logged in', queue(1, 1, {offline: 4}), 'nobody'],
  ['who gets no call is logged in', queue(1, 1, {passed_over: 1}), 'fine'],
])('a queue: %s', (_, q, want) => {
  expect(levelOf(q, noon)).toBe(want)
})

test('filters', () => {
  expect(keepsAgent(everything, agent({}))).toBe(true)
  expect(keepsAgent(everything, agent({state: 'offline'}))).toBe(false)
  expect(keepsAgent({...everything, state: 'offline'}, agent({state: 'offline'}))).toBe(true)
  expect(keepsAgent({...everything, queue: 'support'}, agent({}))).toBe(false)
  expect(keepsAgent({...everything, text: ' lópez '}, agent({}))).toBe(true)
  expect(keepsCall({...everything, text: '0012'}, call({}))).toBe(true)
  expect(keepsCall({...everything, text: 'ana'}, call({}))).toBe(false)
})

const may = () => true
const not = () => false
const means: Means = {may, old: false}

test.each([
  ['may not', 'pause', agent({}), {may: not, old: false}, 'noRight'],
  ['old data', 'pause', agent({}), {may, old: true}, 'oldData'],
  ['pause', 'pause', agent({state: 'talking'}), means, ''],
  ['paused already', 'pause', agent({state: 'paused'}), means, 'pausedAlready'],
  ['logged out', 'pause', agent({state: 'offline'}), means, 'outAlready'],
  ['ready already', 'resume', agent({}), means, 'readyAlready'],
  ['passed over', 'resume', agent({passed_over: true}), means, ''],
  ['logged in', 'login', agent({}), means, 'inAlready'],
  ['log in', 'login', agent({state: 'offline'}), means, ''],
] as const)('an agent: %s', (_, act, a, m, want) => {
  expect(hindersAgent(act, a, 1, m)).toBe(want)
})

test('what an act leads to is told before', () => {
  expect(becomes('pause', agent({state: 'talking'}))).toEqual({state: 'paused', later: true})
  expect(becomes('pause', agent({}))).toEqual({state: 'paused', later: false})
  expect(becomes('resume', agent({state: 'wrapup'}))).toEqual({state: 'available', later: false})
  expect(becomes('logout', agent({state: 'reserved'}))).toEqual({state: 'offline', later: true})
})

test('a call', () => {
  const talking = call({state: 'talking', serving: '101', connected_at: ago(10)})
  expect(hindersCall('supervise', talking, '102', means)).toBe('')
  expect(hindersCall('supervise', talking, '', means)).toBe('noPhone')
  expect(hindersCall('supervise', call({}), '102', means)).toBe('noTalk')
  expect(hindersCall('move', call({}), '', means)).toBe('')
  expect(hindersCall('move', talking, '', means)).toBe('noWait')
  expect(hindersCall('hangup', undefined, '', means)).toBe('over')
  expect(sinceOf(talking)).toBe(ago(10))
  expect(sinceOf(call({wait_since: ago(30)}))).toBe(ago(30))
})

test.each([
  [everything, ''],
  [{queue: 'sales', state: 'paused', text: 'Ana & co', offline: true}, 'queue=sales&state=paused&text=Ana+%26+co&offline=1'],
])('a filter is kept as %s', (f, query) => {
  expect(queryOf(f)).toBe(query)
  expect(filterOf(query)).toEqual(f)
})
