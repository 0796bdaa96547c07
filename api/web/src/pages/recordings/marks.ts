// What happened in a recording, and when in it, from the journal of its call.
import type {Schemas} from '../../api/client'

export type What = 'answered' | 'connected' | 'held' | 'resumed' | 'muted' | 'unmuted' | 'transfer' | 'consult' | 'joined' | 'left' | 'supervised' | 'parted'

export interface Mark {
  at: number // ms from the beginning of the recording
  what: What
  who: string // an agent, a masked number, a destination
}

export interface Span {
  from: number // ms from the beginning of the recording
  to: number
}

export interface Story {
  marks: Mark[]
  muted: Span[]
  held: Span[]
}

type Data = Record<string, string | number | boolean | undefined>

// storyOf puts a call's timeline on a recording of it, which lasts duration ms. What happened before it or after it
// is left out; what lasted beyond its ends is cut there.
export function storyOf(recording: Schemas['Recording'], timeline: Schemas['Entry'][], duration: number): Story {
  const begin = Date.parse(recording.started_at)
  const out: Story = {marks: [], muted: [], held: []}
  const open: {muted?: number; held?: number} = {}
  const span = (kind: 'muted' | 'held', at: number, on: boolean) => {
    if (on) {
      open[kind] ??= at
    } else if (open[kind] !== undefined) {
      const from = Math.max(0, open[kind])
      const to = Math.min(duration, at)
      if (to > from) out[kind].push({from, to})
      open[kind] = undefined
    }
  }
  for (const e of timeline) {
    const at = Date.parse(e.at) - begin
    const d = (e.data ?? {}) as Data
    const text = (name: string) => String(d[name] ?? '')
    const mark = (what: What, who = '') => {
      if (at >= 0 && at <= duration) out.marks.push({at, what, who})
    }
    switch (e.type) {
      case 'call.answered':
        mark('answered')
        break
      case 'call.connected':
        mark('connected', text('agent') || e.agent || '')
        break
      case 'call.held':
      case 'call.resumed':
        span('held', at, e.type === 'call.held')
        mark(e.type === 'call.held' ? 'held' : 'resumed', text('by'))
        break
      case 'call.transfer':
        if (d.result === 'done' || d.result === 'dialling') mark('transfer', text('destination'))
        break
      case 'call.consult':
        if (d.result === 'asked') mark('consult', text('guest') || text('destination'))
        else if (d.result === 'completed') mark('transfer', text('guest') || text('destination'))
        break
      case 'call.supervised':
        if (d.state === 'on') mark('supervised', text('supervisor'))
        break
      case 'call.parted':
        span('held', at, false)
        mark('parted', text('agent') || text('number'))
        break
      case 'call.recording':
        if (d.recording !== recording.id) break
        if (d.state === 'muted' || d.state === 'unmuted') {
          span('muted', at, d.state === 'muted')
          mark(d.state, text('by'))
        } else if ((d.state === 'joined' || d.state === 'left') && (d.agent || d.number)) {
          mark(d.state, text('agent') || text('number'))
        }
        break
      default:
    }
  }
  span('muted', duration, false)
  span('held', duration, false)
  return out
}

// wave is peaks as the outline of an area 0 to 1000 wide and 0 to 100 high. Quiet telephones are drawn as high as loud ones.
export function wave(peaks: number[]): string {
  if (peaks.length === 0) return ''
  const top = Math.max(8, ...peaks) // silence stays flat
  const x = (i: number) => ((i * 1000) / peaks.length).toFixed(1)
  const h = (v: number) => (v * 48) / top + 0.5
  const upper = peaks.map((v, i) => `${x(i)} ${(50 - h(v)).toFixed(1)}H${x(i + 1)}`)
  const lower = peaks.map((v, i) => `${x(i + 1)} ${(50 + h(v)).toFixed(1)}H${x(i)}`).reverse()
  return `M${upper.join('L')}L${lower.join('L')}Z`
}
