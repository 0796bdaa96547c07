// What an agent types about a call is kept in the browser from the first letter: it outlives a
// reload, a session that is over, a request that failed, and operadora itself.
import {keep, keptText} from '../../ui/kept'

export interface Draft {
  at: number // when it was last changed, ms
  who: string // whom the call is with, for one that is found again
  note: string
  outcome: string
  also: string[]
  again: string // as a field for dates has it
}

export type Drafts = Record<string, Draft> // by call

const name = 'notes'
const most = 30
const keptFor = 3 * 86_400_000

// trimmed leaves out what is empty or old, and of the others the oldest beyond what is kept.
export function trimmed(all: Drafts, now: number): Drafts {
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, d]) => now - d.at < keptFor && (d.note || d.outcome || d.also.length > 0 || d.again))
      .sort(([, a], [, b]) => b.at - a.at)
      .slice(0, most),
  )
}

// read is what is kept now: another tab may have written since.
export function read(text: string): Drafts {
  try {
    const v: unknown = JSON.parse(text || '{}')
    if (!v || typeof v !== 'object') return {}
    return Object.fromEntries(Object.entries(v as Drafts).filter(([, d]) => typeof d?.note === 'string' && Array.isArray(d.also)))
  } catch {
    return {} // not ours
  }
}

class Kept {
  all: Drafts = $state.raw(trimmed(read(keptText(name)), Date.now()))

  of(call: string): Draft {
    return this.all[call] ?? {at: 0, who: '', note: '', outcome: '', also: [], again: ''}
  }

  set(call: string, change: Partial<Draft>): void {
    const all = {...read(keptText(name)), ...this.all}
    all[call] = {...this.of(call), ...change, at: Date.now()}
    this.write(all)
  }

  drop(call: string): void {
    const all = {...read(keptText(name)), ...this.all}
    delete all[call]
    this.write(all)
  }

  private write(all: Drafts): void {
    this.all = trimmed(all, Date.now())
    keep(name, JSON.stringify(this.all))
  }
}

export const drafts = new Kept()
