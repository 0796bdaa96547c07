// What an agent's rows mean: pure.
import type {Agent, Call, Schemas} from '../../api/client'
import {byStart} from '../../live/rows'

export type Choices = Schemas['AgentChoices']
export type QueueChoices = Schemas['QueueChoices']
export type Disposition = Schemas['DispositionDefinition']

// Phase is how an agent stands to a call.
export type Phase = 'offered' | 'dialing' | 'talking' | 'asked' | 'wrapup' | 'over'

const dialled = new Set<Call['state']>(['dialing', 'reaching', 'connecting', 'reserving', 'summoning'])

// phaseOf says it of a call in progress; undefined of one that is gone.
export function phaseOf(me: string, c: Call | undefined): Phase | undefined {
  if (!c) return undefined
  if (c.guests?.some((g) => g.agent === me)) return 'asked'
  if (c.serving !== me) return 'over'
  if (c.state === 'talking') return 'talking'
  return c.kind === 'outbound' && dialled.has(c.state) ? 'dialing' : 'offered'
}

// mainOf is the call that is shown large: the agent's own, else the oldest; the others are a list.
export function mainOf(a: Agent | undefined, calls: Call[]): Call | undefined {
  const old = [...calls].sort(byStart)
  return old.find((c) => c.id === a?.call) ?? old.find((c) => phaseOf(a?.id ?? '', c) !== 'over')
}

// After are the steps that follow a call, in their order.
export type After = 'wrapup' | 'outcome' | 'pause' | 'logout' | 'next'

export function afterCall(a: Agent, q: QueueChoices | undefined, given: boolean): After[] {
  const out: After[] = []
  if (a.state !== 'wrapup') out.push('wrapup')
  if (q?.required && !given) out.push('outcome')
  out.push(a.next ?? 'next')
  return out
}

// choicesOf are what a queue lets be given; of one that is not known (it was removed) what any lets.
export function choicesOf(c: Choices | undefined, queue: string | undefined): QueueChoices | undefined {
  return c?.queues.find((q) => q.id === queue) ?? c?.queues.find((q) => q.id.startsWith('@'))
}

// Branch is a group of dispositions with the way to it, '' for those in none.
export interface Branch {
  way: string
  leaves: Disposition[]
}

// treeOf are the dispositions that may be given, by group, in the order of the file.
export function treeOf(all: Disposition[], may: string[], word: (d: Disposition) => string): Branch[] {
  const byID = new Map(all.map((d) => [d.id, d]))
  const way = (d: Disposition): string => {
    const names: string[] = []
    for (let up = byID.get(d.parent ?? ''); up && names.length < 10; up = byID.get(up.parent ?? '')) names.unshift(word(up))
    return names.join(' / ')
  }
  const out: Branch[] = []
  for (const d of all) {
    if (!may.includes(d.id)) continue
    const w = way(d)
    const branch = out.find((b) => b.way === w)
    if (branch) branch.leaves.push(d)
    else out.push({way: w, leaves: [d]})
  }
  return out
}

// asksDate tells whether one of some dispositions asks when a lead is to be called again.
export function asksDate(all: Disposition[], given: string[]): boolean {
  return all.some((d) => d.date && given.includes(d.id))
}

// localTime is a moment as a field for dates has it, in the browser's zone.
export function localTime(ms: number): string {
  const d = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`
}

export interface Guest {
  who: string
  up: boolean
  together: boolean
}

// guestOf is whom an agent asks beside the caller.
export function guestOf(me: string, c: Call | undefined): Guest | undefined {
  const g = c?.guests?.find((x) => x.agent !== me)
  if (!c || !g) return undefined
  const up = g.state === 'joined'
  return {who: g.agent || g.number || '', up, together: up && !g.held && !c.held}
}

// Why something may not be done with a call now: a key of the words, '' when it may.
export type Not = '' | 'notTalking' | 'noRight' | 'old' | 'consulting' | 'notRecorded' | 'notUp'
export type Act = 'hold' | 'mute' | 'hangup' | 'machine' | 'transfer' | 'consult' | 'complete' | 'cancel' | 'swap' | 'conference'

const operations: Record<Act, string> = {
  hold: 'holdCall', mute: 'muteRecording', hangup: 'hangupCall', machine: 'markMachine', transfer: 'transferCall', consult: 'consultCall', complete: 'completeCall',
  cancel: 'cancelConsult', swap: 'swapCall', conference: 'conferenceCall',
}

export function hinders(act: Act, me: string, c: Call | undefined, m: {may: (op: string) => boolean; old: boolean}): Not {
  if (!m.may(operations[act])) return 'noRight'
  if (m.old) return 'old'
  if (phaseOf(me, c) !== 'talking') return 'notTalking'
  const guest = guestOf(me, c)
  switch (act) {
    case 'mute':
      return c?.live_recording?.state === 'running' ? '' : 'notRecorded'
    case 'hold':
    case 'transfer':
    case 'consult':
      return guest ? 'consulting' : ''
    case 'swap':
    case 'conference':
      return guest?.up ? '' : 'notUp'
    default:
      return ''
  }
}
