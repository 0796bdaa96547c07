// What an agent's page knows: the board of what is the agent's own, and what changes seldom.
import {get, Refused, type Agent, type Call, type Problem, type Queue, type Schemas} from '../../api/client'
import {inWords} from '../../i18n/index.svelte'
import {Board} from '../../live/board.svelte'
import {clock} from '../../live/clock.svelte'
import {byStart} from '../../live/rows'
import {session} from '../../session.svelte'
import {choicesOf, mainOf, phaseOf, type Choices, type Phase, type QueueChoices} from './judge'
import {text} from './text'
import {refusal} from '../../ui/refusal'

const every = 60_000

// A call is on record a moment after it has ended: what happens is gathered for half a second and written together.
const recording = 1_500

// Deed is one thing that is being done, and what came of it.
export class Deed {
  busy = $state(false)
  problem: Problem | undefined = $state.raw()
  said = $state('')
  private words = $state('')

  // do does it; true when it was done.
  async do(what: () => Promise<unknown>, said = ''): Promise<boolean> {
    this.busy = true
    this.said = this.words = ''
    this.problem = undefined
    try {
      await what()
      this.said = said
      return true
    } catch (e) {
      if (e instanceof Refused) this.problem = e.problem
      this.words = refusal(e)
      return false
    } finally {
      this.busy = false
    }
  }

  get bad(): string {
    return this.words ? text().failed(this.words) : ''
  }

  // at is what is wrong with a field.
  at(field: string): string | undefined {
    return this.problem?.field === field ? this.bad : undefined
  }

  say(words: string): void {
    this.said = ''
    this.problem = undefined
    this.words = words
  }
}

type Contact = Awaited<ReturnType<typeof get<'/api/v1/contacts/{call}'>>>

// Subject is a call that is shown, in progress or not any more.
export interface Subject {
  id: string
  call: Call
  phase: Phase
}

export class Desk {
  readonly me: string
  readonly board: Board
  choices: Choices | undefined = $state.raw()
  people: Agent[] = $state.raw([])
  queues: Queue[] = $state.raw([])
  appointments: Schemas['AgentAppointment'][] = $state.raw([])
  callbacks: Schemas['Callback'][] = $state.raw([])
  report: Schemas['Report'] | undefined = $state.raw()
  at = $state(0) // of the report
  given: Record<string, string[]> = $state.raw({}) // what was put on record here, by call
  private seen: Record<string, Call> = $state.raw({}) // calls as they were last, for those that are being finished
  private asked = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(me: string, lost: () => void) {
    this.me = me
    this.board = new Board('me', lost)
  }

  begin(): () => void {
    void this.choose()
    void this.count()
    void this.whom().catch(() => {}) // ids are shown instead of names, until somebody is to be asked
    return () => {
      clearTimeout(this.timer)
      this.board.close()
    }
  }

  get agent(): Agent | undefined {
    return this.board.agents.get(this.me)?.v
  }

  private get calls(): Call[] {
    return this.board.calls.list(() => true, byStart).map((r) => r.v)
  }

  // main is the call that the page is about: the one in progress, else the one that is being finished.
  get main(): Subject | undefined {
    const a = this.agent
    const live = mainOf(a, this.calls)
    if (live) return {id: live.id, call: live, phase: phaseOf(this.me, live) ?? 'over'}
    const id = a?.call || a?.last_call
    const call = id ? this.seen[id] : undefined
    return call && id ? {id, call, phase: a?.state === 'wrapup' ? 'wrapup' : 'over'} : undefined
  }

  get others(): Call[] {
    const main = this.main
    return this.calls.filter((c) => c.id !== main?.id)
  }

  get old(): boolean {
    return this.board.oldSince > 0
  }

  // keep remembers calls, and looks up what is being finished since before the page was there.
  keep(): void {
    const next = {...this.seen}
    let moved = false
    for (const c of this.calls) {
      if (next[c.id] === c) continue
      next[c.id] = c
      moved = true
    }
    const wanted = this.agent?.call || this.agent?.last_call
    for (const id of Object.keys(next)) {
      if (Object.keys(next).length <= 20) break
      if (id !== wanted) delete next[id]
    }
    if (moved) this.seen = next
    if (wanted && !next[wanted] && this.board.begun) void this.lookUp(wanted)
  }

  private async lookUp(id: string): Promise<void> {
    if (this.asked.has(id)) return
    this.asked.add(id)
    const c = await recorded(id, () => !this.seen[id])
    this.asked.delete(id)
    if (c && !this.seen[id]) this.seen = {...this.seen, [id]: {...c, state: 'ended'}}
  }

  queue(id: string | undefined): QueueChoices | undefined {
    return choicesOf(this.choices, id)
  }

  queueName(id: string | undefined): string {
    const q = this.choices?.queues.find((x) => x.id === id)
    return id ? inWords(q?.name, id.startsWith('@') ? '' : id) : ''
  }

  reason(id: string | undefined): string {
    return id ? inWords(this.choices?.pause_reasons.find((r) => r.id === id)?.texts, id) : ''
  }

  outcome(id: string): string {
    return inWords(this.choices?.dispositions.find((d) => d.id === id)?.texts, id)
  }

  person(id: string): string {
    return this.people.find((p) => p.id === id)?.name || id
  }

  // choose reads what there is to choose from, until it is there.
  async choose(): Promise<void> {
    try {
      this.choices = await get('/api/v1/agents/{agent}/choices', {path: {agent: this.me}})
    } catch {
      setTimeout(() => void this.choose(), 5_000)
    }
  }

  // whom reads who can be asked now, when somebody is about to be.
  async whom(): Promise<void> {
    const [people, queues] = await Promise.all([get('/api/v1/agents', {query: {limit: 500}}), get('/api/v1/queues', {query: {limit: 500}})])
    this.people = people.items.filter((a) => a.id !== this.me)
    this.queues = queues.items
  }

  // count reads the figures and what is to come, each minute while the page is seen.
  async count(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.count(), every)
    if (document.hidden) return
    const from = new Date(clock.server())
    from.setHours(0, 0, 0, 0)
    const path = {agent: this.me}
    const read = async <T>(may: string, what: () => Promise<T>, take: (v: T) => void) => {
      if (!session.may(may)) return
      try {
        take(await what())
      } catch {
        // what was shown stays
      }
    }
    await Promise.all([
      read('getReport', () => get('/api/v1/reports/{report}', {path: {report: 'agents'}, query: {from: from.toISOString(), by: 'agent', time_zone: zone()}}), (r) => {
        this.report = r
        this.at = Date.parse(r.to)
      }),
      read('listAgentAppointments', () => get('/api/v1/agents/{agent}/appointments', {path}), (v) => (this.appointments = v.items)),
      read('listCallbacks', () => get('/api/v1/callbacks', {query: {limit: 50}}), (v) => (this.callbacks = v.items)),
    ])
  }

  disposed(call: string, outcomes: string[]): void {
    this.given = {...this.given, [call]: outcomes}
    void this.count()
  }
}

// recorded is a call that has ended, as it is on record; undefined when it is not soon, or nobody wants it any more.
export async function recorded(id: string, wanted: () => boolean): Promise<Contact | undefined> {
  for (let left = 8; left > 0; left--) {
    await new Promise((f) => setTimeout(f, recording))
    if (!wanted()) return undefined
    try {
      return await get('/api/v1/contacts/{call}', {path: {call: id}})
    } catch {
      // not yet, or there is no answer: asked again
    }
  }
  return undefined
}

export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

// whoOf is whom a call is with.
export function whoOf(c: Call): string {
  return [c.caller.name, c.caller.number].filter(Boolean).join(' ') || text().call.unknown
}
