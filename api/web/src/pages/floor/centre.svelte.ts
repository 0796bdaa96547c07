// What changes seldom: definitions, and the figures of today.
import {get, type Schemas} from '../../api/client'
import {clock} from '../../live/clock.svelte'
import {session} from '../../session.svelte'
import {keep, keptText} from '../../ui/kept'

export interface Service {
  offered: number
  answered: number
  abandoned: number
  level: number | null
}

const every = 60_000

class Centre {
  definitions: Schemas['Definitions'] | undefined = $state.raw()
  report: Schemas['Report'] | undefined = $state.raw()
  at = $state(0) // of the report
  formula = $state(keptText('formula') || 'sl_short_excluded')
  phone = $state(keptText('phone'))
  private timer: ReturnType<typeof setTimeout> | undefined

  // begin reads them, and the figures again each minute while the page is seen; what a role may not have is not asked for.
  begin(): () => void {
    void this.define()
    void this.count()
    return () => clearTimeout(this.timer)
  }

  private async define(): Promise<void> {
    if (!session.may('getDefinitions')) return
    try {
      this.definitions = await get('/api/v1/definitions')
    } catch {
      setTimeout(() => void this.define(), 10_000)
    }
  }

  private async count(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.count(), every)
    // An agent may have its own figures, and who is bound to several teams those of one of them: none is of all queues.
    const whole = session.me?.role !== 'agent' && (session.me?.teams?.length ?? 0) < 2
    if (!session.may('getReport') || !whole || document.hidden) return
    const from = new Date(clock.server())
    from.setHours(0, 0, 0, 0)
    try {
      const r = await get('/api/v1/reports/{report}', {
        path: {report: 'service'},
        query: {from: from.toISOString(), by: 'queue', time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone},
      })
      this.report = r
      this.at = Date.parse(r.to)
    } catch {
      // the figures of before stay, with their time
    }
  }

  get formulas(): Schemas['ReportColumn'][] {
    return this.report?.columns.filter((c) => c.name.startsWith('sl_')) ?? []
  }

  get column(): Schemas['ReportColumn'] | undefined {
    return this.formulas.find((c) => c.name === this.formula) ?? this.formulas[0]
  }

  // service are the figures of a queue, undefined while there are none.
  service(queue: string): Service | undefined {
    const r = this.report
    const row = r?.rows.find((x) => x.keys[0] === queue)
    if (!r || !row) return undefined
    const value = (name: string) => row.values[r.columns.findIndex((c) => c.name === name)] ?? null
    return {offered: value('offered') ?? 0, answered: value('answered') ?? 0, abandoned: value('abandoned') ?? 0, level: value(this.column?.name ?? '')}
  }

  reasons(): Schemas['PauseReasonDefinition'][] {
    return this.definitions?.pause_reasons ?? []
  }

  setFormula(name: string): void {
    this.formula = name
    keep('formula', name)
  }

  setPhone(agent: string): void {
    this.phone = agent
    keep('phone', agent)
  }
}

export const centre = new Centre()
