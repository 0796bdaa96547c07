// The worker that all tabs of a browser share: one stream for all of them. A browser has
// six connections for a server over HTTP/1.1, and a stream in each tab would use them up.
import {Feed, type News} from './feed'
import {all, change, none, whole} from './rows'

export type Said = {kind: 'watch'; url: string} | {kind: 'here'} | {kind: 'retry'} | {kind: 'bye'}

// A tab that is hidden runs its timers once a minute; one that says nothing for longer is gone.
const goneAfter = 200_000

interface Line {
  feed: Feed
  rows: ReturnType<typeof none>
  at: string
  tabs: Map<MessagePort, number>
}

const lines = new Map<string, Line>()

function line(url: string): Line {
  const known = lines.get(url)
  if (known) return known
  const l: Line = {rows: none(), at: '', tabs: new Map(), feed: undefined as unknown as Feed}
  l.feed = new Feed(url, (n: News) => {
    if (n.kind === 'snapshot') whole(l.rows, n.data)
    if (n.kind === 'delta') change(l.rows, n.data)
    if (n.kind === 'snapshot' || n.kind === 'delta') l.at = n.data.at
    for (const tab of l.tabs.keys()) tab.postMessage(n)
  })
  lines.set(url, l)
  return l
}

function leave(tab: MessagePort): void {
  for (const [url, l] of lines) {
    l.tabs.delete(tab)
    if (l.tabs.size > 0) continue
    l.feed.close()
    lines.delete(url)
  }
}

const scope = self as unknown as {onconnect: (e: MessageEvent) => void}

scope.onconnect = (e) => {
  const tab = e.ports[0]
  if (!tab) return
  tab.onmessage = (m: MessageEvent<Said>) => {
    const said = m.data
    if (said.kind === 'bye') return leave(tab)
    if (said.kind === 'watch') {
      const l = line(said.url)
      l.tabs.set(tab, performance.now())
      if (l.at) tab.postMessage({kind: 'snapshot', data: all(l.rows, l.at)} satisfies News)
    }
    for (const l of lines.values()) {
      if (!l.tabs.has(tab)) continue
      l.tabs.set(tab, performance.now())
      if (said.kind === 'retry') l.feed.open()
    }
  }
}

setInterval(() => {
  for (const l of lines.values()) for (const [tab, at] of l.tabs) if (performance.now() - at > goneAfter) leave(tab)
}, 30_000)
