// The board as components see it: a signal for each row, so that a change draws that row anew and nothing else.
import type {Agent, Call, Campaign, Queue, Schemas} from '../api/client'
import {clock} from './clock.svelte'
import type {News} from './feed'
import {link, type Link} from './link'
import {change, none, whole, type Rows, type View} from './rows'

export class Row<T> {
  v: T = $state.raw() as T
  constructor(v: T) {
    this.v = v
  }
}

// Table is the rows of one kind. rev moves whenever one of them is another.
export class Table<T extends {id: string}> {
  rows = new Map<string, Row<T>>()
  rev = $state(0)

  sync(from: Map<string, T>): void {
    let moved = false
    for (const [id, v] of from) {
      const row = this.rows.get(id)
      if (row?.v === v) continue
      if (row) row.v = v
      else this.rows.set(id, new Row(v))
      moved = true
    }
    for (const id of this.rows.keys()) {
      if (from.has(id)) continue
      this.rows.delete(id)
      moved = true
    }
    if (moved) this.rev++
  }

  // list are the rows as a filter and an order have them.
  list(keep: (v: T) => boolean, order: (a: T, b: T) => number): Row<T>[] {
    void this.rev // whoever asks is asked again when it moves
    const out: Row<T>[] = []
    for (const r of this.rows.values()) if (keep(r.v)) out.push(r)
    return out.sort((a, b) => order(a.v, b.v) || (a.v.id < b.v.id ? -1 : 1))
  }

  get(id: string): Row<T> | undefined {
    void this.rev
    return this.rows.get(id)
  }
}

// Data of which nothing was heard for so long are shown as old.
const oldAfter = 5_000

export class Board {
  agents = new Table<Agent>()
  calls = new Table<Call>()
  queues = new Table<Queue>()
  pbxs = new Table<Schemas['LivePBX']>()
  campaigns = new Table<Campaign>()
  views = new Table<View>()
  begun = $state(false)
  frozen = $state(0) // since when, on the server's clock; 0 when it is not
  private heard = $state(0)
  private asOf = $state(0)
  private behind = $state(false)
  private readonly known: Rows = none()
  private readonly link: Link

  constructor(topics: string, lost: () => void) {
    this.link = link(topics, (n) => this.take(n, lost))
  }

  private take(n: News, lost: () => void): void {
    if (n.kind === 'lost') return lost()
    if (n.kind === 'snapshot') whole(this.known, n.data)
    if (n.kind === 'delta') change(this.known, n.data)
    if (n.kind === 'beat') {
      clock.set(n.data.at)
      this.asOf = Date.parse(n.data.as_of)
      this.behind = n.data.as_of !== n.data.at
    }
    this.heard = clock.server()
    if (n.kind === 'snapshot' || n.kind === 'delta') {
      this.begun = true
      if (!this.frozen) this.sync()
    }
  }

  private sync(): void {
    this.agents.sync(this.known.agents)
    this.calls.sync(this.known.calls)
    this.queues.sync(this.known.queues)
    this.pbxs.sync(this.known.pbxs)
    this.campaigns.sync(this.known.campaigns)
    this.views.sync(this.known.campaign_views)
  }

  // oldSince says until when what is shown was true, 0 when it is.
  get oldSince(): number {
    if (this.begun && clock.now - this.heard > oldAfter) return this.heard
    return this.begun && this.behind ? this.asOf : 0
  }

  freeze(on: boolean): void {
    this.frozen = on ? clock.server() : 0
    if (!on) this.sync()
  }

  retry(): void {
    this.link.retry()
  }

  close(): void {
    this.link.close()
  }
}
