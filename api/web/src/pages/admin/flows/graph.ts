// A flow as a picture: where its nodes and the ways between them go, and how many calls took them.
import {graphlib, layout} from '@dagrejs/dagre'
import type {Schemas} from '../../../api/client'

export const end = 'end' // where a way leads that hangs up

export interface Box {
  id: string
  kind: string // "" of the end
  x: number // of its middle, as y
  y: number
  width: number
  height: number
  calls: number
  times: number
  ended: number
}

export interface Way {
  from: string
  to: string
  outcomes: string[]
  times: number
  points: {x: number; y: number}[]
  label: {x: number; y: number}
}

export interface Picture {
  width: number
  height: number
  boxes: Box[]
  ways: Way[]
}

const letter = 7.4 // px, of the widest font that there is
const height = 58

// draw lays a flow out. Outcomes that lead from one node to the same other are one way.
export function draw(flow: Schemas['FlowDefinition'], counts: Schemas['FlowCounts'] | undefined): Picture {
  const g = new graphlib.Graph({multigraph: false})
  g.setGraph({rankdir: 'TB', nodesep: 34, ranksep: 56, marginx: 8, marginy: 8})
  g.setDefaultEdgeLabel(() => ({}))
  const ways = new Map<string, Way>()
  for (const n of flow.nodes) {
    g.setNode(n.id, {width: Math.max(110, Math.max(n.id.length, n.kind.length) * letter + 26), height})
    for (const [outcome, to] of Object.entries(n.next ?? {})) {
      const key = JSON.stringify([n.id, to])
      const way = ways.get(key) ?? {from: n.id, to, outcomes: [], times: 0, points: [], label: {x: 0, y: 0}}
      way.outcomes.push(outcome)
      ways.set(key, way)
    }
  }
  if ([...ways.values()].some((w) => w.to === end)) g.setNode(end, {width: 90, height: 34})
  for (const w of ways.values()) {
    w.times = counts?.ways.find((c) => c.from === w.from && c.to === w.to)?.times ?? 0
    g.setEdge(w.from, w.to, {width: said(w).length * letter, height: 18, labelpos: 'c'})
  }
  layout(g)
  for (const w of ways.values()) {
    const e = g.edge(w.from, w.to) as {points: {x: number; y: number}[]; x: number; y: number}
    w.points = e.points
    w.label = {x: e.x, y: e.y}
  }
  const boxes = g.nodes().map((id) => {
    const at = g.node(id) as {x: number; y: number; width: number; height: number}
    const counted = counts?.nodes.find((c) => c.node === id)
    return {
      id, kind: flow.nodes.find((n) => n.id === id)?.kind ?? '', x: at.x, y: at.y, width: at.width, height: at.height,
      calls: counted?.calls ?? 0, times: counted?.times ?? 0, ended: counted?.ended ?? 0,
    }
  })
  const size = g.graph() as {width?: number; height?: number}
  return {width: Math.ceil(size.width ?? 0), height: Math.ceil(size.height ?? 0), boxes, ways: [...ways.values()]}
}

// said is what stands at a way: its outcomes, of many the first.
export function said(w: {outcomes: string[]; times: number}): string {
  const names = w.outcomes.length > 3 ? `${w.outcomes.slice(0, 2).join(', ')}, +${w.outcomes.length - 2}` : w.outcomes.join(', ')
  return w.times > 0 ? `${names}: ${w.times}` : names
}

// broad is how broad a way is drawn, by its share of the calls: 1 to 6 px.
export function broad(times: number, of: number): number {
  return of > 0 ? 1 + (5 * Math.min(times, of)) / of : 1
}
