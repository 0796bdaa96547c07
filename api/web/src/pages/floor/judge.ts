// What rows mean to people: pure.
import type {Agent, Call, Queue} from '../../api/client'

export type Level = 'fine' | 'near' | 'over' | 'nobody'

// levelOf says how a queue stands: its longest wait against the threshold of its service level.
export function levelOf(q: Queue, now: number): Level {
  const threshold = q.service_level_ms ?? 0
  if (q.waiting > 0 && loggedIn(q) === 0) return 'nobody'
  if (!q.longest_since || threshold <= 0) return 'fine'
  const wait = now - Date.parse(q.longest_since)
  return wait > threshold ? 'over' : wait > 0.75 * threshold ? 'near' : 'fine'
}

// loggedIn counts a queue's agents who are logged in.
export function loggedIn(q: Queue): number {
  return Object.entries(q.agents).reduce((n, [state, k]) => (state === 'offline' ? n : n + k), 0)
}

export const marks: Record<Level, string> = {fine: '●', near: '◆', over: '▲', nobody: '■'}

export interface Filter {
  queue: string
  state: string
  text: string
  offline: boolean
}

export const everything: Filter = {queue: '', state: '', text: '', offline: false}

// queryOf is a filter as a view keeps it, and filterOf the reverse.
export function queryOf(f: Filter): string {
  const q = new URLSearchParams()
  if (f.queue) q.set('queue', f.queue)
  if (f.state) q.set('state', f.state)
  if (f.text) q.set('text', f.text)
  if (f.offline) q.set('offline', '1')
  return q.toString()
}

export function filterOf(query: string): Filter {
  const q = new URLSearchParams(query)
  return {queue: q.get('queue') ?? '', state: q.get('state') ?? '', text: q.get('text') ?? '', offline: q.has('offline')}
}

function has(text: string, ...of: (string | undefined)[]): boolean {
  const t = text.trim().toLocaleLowerCase()
  return t === '' || of.some((o) => o?.toLocaleLowerCase().includes(t))
}

export function keepsAgent(f: Filter, a: Agent): boolean {
  return (
    (f.queue === '' || a.queues.includes(f.queue)) &&
    (f.state === '' ? f.offline || a.state !== 'offline' : a.state === f.state) &&
    has(f.text, a.id, a.name)
  )
}

export function keepsCall(f: Filter, c: Call): boolean {
  return (f.queue === '' || c.queue === f.queue) && has(f.text, c.caller.number, c.caller.name, c.serving, c.did)
}

export function keepsQueue(f: Filter, q: Queue): boolean {
  return f.queue === '' || q.id === f.queue
}

// Order: by name, so that no row moves because of what happens in it.
export function byName(a: {id: string; name?: string}, b: {id: string; name?: string}): number {
  return (a.name || a.id).localeCompare(b.name || b.id)
}

export function waits(c: Call): boolean {
  return c.state === 'waiting' || c.state === 'offered'
}

// sinceOf is since when a call is as it is: in the queue, in conversation, or at all.
export function sinceOf(c: Call): string {
  if (waits(c)) return c.wait_since ?? c.started_at
  if (c.state === 'talking') return c.connected_at ?? c.started_at
  return c.started_at
}

// Why something may not be done now: a key of the words, '' when it may.
export type Hindrance = '' | 'noRight' | 'oldData' | 'noTalk' | 'noWait' | 'noPhone' | 'outAlready' | 'inAlready' | 'readyAlready' | 'pausedAlready' | 'noReasons' | 'over'

export interface Means {
  may: (operation: string) => boolean
  old: boolean
}

export const agentActs = ['pause', 'resume', 'login', 'logout'] as const
export type AgentAct = (typeof agentActs)[number]
export const operations: Record<AgentAct, string> = {pause: 'pauseAgent', resume: 'resumeAgent', login: 'loginAgent', logout: 'logoutAgent'}

// hindersAgent says why an agent's state may not be changed so now.
export function hindersAgent(act: AgentAct, a: Agent, reasons: number, m: Means): Hindrance {
  if (!m.may(operations[act])) return 'noRight'
  if (m.old) return 'oldData'
  if (act === 'login') return a.state === 'offline' ? '' : 'inAlready'
  if (a.state === 'offline') return 'outAlready'
  if (act === 'pause') return reasons === 0 ? 'noReasons' : a.state === 'paused' ? 'pausedAlready' : ''
  if (act === 'resume') return a.state === 'available' && !a.passed_over ? 'readyAlready' : ''
  return ''
}

// becomes is the state to which an act brings an agent, and whether only after the call.
export function becomes(act: AgentAct, a: Agent): {state: Agent['state']; later: boolean} {
  const busy = a.state === 'talking' || a.state === 'wrapup' || a.state === 'reserved'
  if (act === 'pause') return {state: 'paused', later: busy}
  if (act === 'logout') return {state: 'offline', later: busy}
  return {state: 'available', later: act === 'resume' && (a.state === 'talking' || a.state === 'reserved')}
}

export const callActs = ['supervise', 'move', 'hangup'] as const
export type CallAct = (typeof callActs)[number]
const callOperations: Record<CallAct, string> = {supervise: 'superviseCall', move: 'moveCall', hangup: 'hangupCall'}

// hindersCall says why something may not be done with a call now.
export function hindersCall(act: CallAct, c: Call | undefined, phone: string, m: Means): Hindrance {
  if (!m.may(callOperations[act])) return 'noRight'
  if (!c) return 'over'
  if (m.old) return 'oldData'
  if (act === 'supervise') return c.state !== 'talking' || !c.serving ? 'noTalk' : phone === '' ? 'noPhone' : ''
  if (act === 'move') return waits(c) ? '' : 'noWait'
  return ''
}
