import {expect, test} from 'vitest'
import type {Schemas} from '../../src/api/client'
import {broad, draw, said} from '../../src/pages/admin/flows/graph'

const flow: Schemas['FlowDefinition'] = {
  id: 'welcome', start: 'menu',
  nodes: [
    {id: 'menu', kind: 'menu', next: {'1': 'sales', '2': 'support', retry: 'menu', fail: 'end', timeout: 'end'}},
    {id: 'sales', kind: 'queue', next: {hangup: 'end', closed: 'menu'}},
    {id: 'support', kind: 'queue', next: {}},
    {id: 'never_reached_by_anybody', kind: 'play', next: {next: 'end'}},
  ],
}
const counts = {
  flow: 'welcome', calls: 9,
  nodes: [{node: 'menu', calls: 9, times: 11, ended: 1}, {node: 'sales', calls: 5, times: 5, ended: 5}],
  ways: [{from: 'menu', to: 'sales', times: 5}, {from: 'gone', to: 'sales', times: 3}],
}

test('a flow is laid out whole: each node, each way once, nothing over another', () => {
  const p = draw(flow, counts)
  expect(p.boxes.map((b) => b.id).sort()).toEqual(['end', 'menu', 'never_reached_by_anybody', 'sales', 'support'])
  expect(p.ways.map((w) => `${w.from}>${w.to}`).sort()).toEqual(['menu>end', 'menu>menu', 'menu>sales', 'menu>support', 'never_reached_by_anybody>end', 'sales>end', 'sales>menu'])
  for (const a of p.boxes) {
    expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0)
    expect(a.x + a.width / 2).toBeLessThanOrEqual(p.width)
    expect(a.y + a.height / 2).toBeLessThanOrEqual(p.height)
    for (const b of p.boxes) {
      if (a === b) continue
      const apart = Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2
      expect(apart, `${a.id} over ${b.id}`).toBe(true)
    }
  }
  for (const w of p.ways) expect(w.points.length).toBeGreaterThan(1)
})

test('counts stand at what they are of, and what nobody took has none', () => {
  const p = draw(flow, counts)
  const box = (id: string) => p.boxes.find((b) => b.id === id)
  expect(box('menu')).toMatchObject({calls: 9, times: 11, ended: 1})
  expect(box('support')).toMatchObject({calls: 0, times: 0, ended: 0})
  expect(said(p.ways.find((w) => w.to === 'sales')!)).toBe('1: 5')
  expect(said(p.ways.find((w) => w.to === 'support')!)).toBe('2')
  expect(draw(flow, undefined).boxes.every((b) => b.calls === 0)).toBe(true)
})

test('a way with many outcomes says the first, and its breadth is its share', () => {
  expect(said({outcomes: ['1', '2', '3', '4'], times: 2})).toBe('1, 2, +2: 2')
  expect([broad(0, 10), broad(10, 10), broad(20, 10), broad(0, 0)]).toEqual([1, 6, 6, 1])
})
