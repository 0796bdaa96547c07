import {expect, test} from 'vitest'
import type {Schemas} from '../../src/api/client'
import {all, change, none, whole} from '../../src/live/rows'

const agent = (id: string, state: Schemas['AgentState']): Schemas['Agent'] => ({id, state, queues: ['sales'], calls: 0, talk_ms: 0})

// A server is followed through random changes, by one who sees each and one who comes anew to what the first has: both have what it has.
test('whoever follows knows all', () => {
  let seed = 42
  const draw = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
  const truth = new Map<string, Schemas['Agent']>()
  const rows = none()
  whole(rows, {at: 'x', rows: {}})
  for (let n = 0; n < 10_000; n++) {
    const id = String(draw(20))
    if (draw(3) === 0) {
      truth.delete(id)
      change(rows, {at: 'x', put: {}, del: {agents: [id]}})
    } else {
      const v = agent(id, (['available', 'talking', 'paused'] as const)[draw(3)]!)
      truth.set(id, v)
      change(rows, {at: 'x', put: {agents: [v]}, del: {}})
    }
    if (n % 1000 > 0) continue
    const late = none()
    whole(late, all(rows, 'x'))
    expect(Object.fromEntries(late.agents)).toEqual(Object.fromEntries(truth))
    expect(Object.fromEntries(rows.agents)).toEqual(Object.fromEntries(truth))
  }
})

test('a snapshot forgets what was before', () => {
  const rows = none()
  whole(rows, {at: 'x', rows: {agents: [agent('101', 'paused')], pbxs: [{id: 'main', connected: true}]}})
  whole(rows, {at: 'x', rows: {agents: [agent('102', 'paused')]}})
  expect([...rows.agents.keys()]).toEqual(['102'])
  expect(rows.pbxs.size).toBe(0)
})
