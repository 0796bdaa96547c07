// Moments in a time zone that somebody chose, which need not be the browser's. A wall time is
// 2026-03-02T09:30, as in <input type=datetime-local>.

const parts = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: string): Intl.DateTimeFormat {
  let f = parts.get(zone)
  if (!f) {
    f = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    })
    parts.set(zone, f)
  }
  return f
}

export const zones: string[] = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((z) => z !== 'UTC')]

export const ownZone: string = Intl.DateTimeFormat().resolvedOptions().timeZone

export function isZone(name: string): boolean {
  try {
    return name !== '' && formatter(name) !== undefined
  } catch {
    return false
  }
}

// wall is the wall time of a moment, to the second when it is asked for.
export function wall(ms: number, zone: string, seconds = false): string {
  const p = Object.fromEntries(formatter(zone).formatToParts(ms).map((x) => [x.type, x.value]))
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}${seconds ? `:${p.second}` : ''}`
}

// ahead is how far a zone's clocks are ahead of UTC at a moment, in ms.
function ahead(ms: number, zone: string): number {
  return Date.parse(wall(ms, zone, true) + 'Z') - Math.floor(ms / 1000) * 1000
}

// moment is when clocks show a wall time, unix ms; NaN for what is none. Of two, because clocks are set back, it
// is the first; one that clocks leap over is that of the clocks before.
export function moment(text: string, zone: string): number {
  const shown = Date.parse(text.length === 10 ? `${text}T00:00Z` : `${text}Z`)
  if (Number.isNaN(shown)) return NaN
  const day = 86_400_000
  const before = shown - ahead(shown - day, zone)
  const after = shown - ahead(shown + day, zone)
  return [before, after].sort((a, b) => a - b).find((t) => t + ahead(t, zone) === shown) ?? before
}

// days is a date some days later: 2026-03-01 and -1 is 2026-02-28.
export function days(date: string, n: number): string {
  return new Date(Date.parse(`${date.slice(0, 10)}T00:00Z`) + n * 86_400_000).toISOString().slice(0, 10)
}

export const presets = ['today', 'yesterday', 'this_week', 'last_week', 'this_month', 'last_month'] as const
export type Preset = (typeof presets)[number]

// span is a preset's begin and end, exclusive, as wall times. Weeks begin on Monday.
export function span(p: Preset, now: number, zone: string): {from: string; to: string} {
  const today = wall(now, zone).slice(0, 10)
  const monday = days(today, -((new Date(`${today}T00:00Z`).getUTCDay() + 6) % 7))
  const first = `${today.slice(0, 7)}-01`
  const before = `${days(first, -1).slice(0, 7)}-01`
  const after = `${days(first, 31).slice(0, 7)}-01`
  const [from, to] = {
    today: [today, days(today, 1)], yesterday: [days(today, -1), today],
    this_week: [monday, days(monday, 7)], last_week: [days(monday, -7), monday],
    this_month: [first, after], last_month: [before, first],
  }[p] as [string, string]
  return {from: `${from}T00:00`, to: `${to}T00:00`}
}
