// A feed keeps one stream of the server open, whatever happens to it, and passes on what
// it tells. It runs in the worker that all tabs share, or in the tab where there is none.
import type {Schemas} from '../api/client'

export type News =
  | {kind: 'snapshot'; data: Schemas['LiveSnapshot']}
  | {kind: 'delta'; data: Schemas['LiveDelta']}
  | {kind: 'beat'; data: Schemas['LiveBeat']}
  | {kind: 'lost'} // the stream was refused: perhaps the session is over

// The server is heard of every two seconds: after this long without it the stream is dead, whatever the socket says.
const deadAfter = 8_000
const mostPause = 2_000

export class Feed {
  private source: EventSource | undefined
  private last = ''
  private heard = 0
  private pause = 500
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly watch: ReturnType<typeof setInterval>

  constructor(
    private readonly url: string,
    private readonly tell: (n: News) => void,
  ) {
    this.open()
    this.watch = setInterval(() => {
      if (this.source && performance.now() - this.heard > deadAfter) this.again()
    }, 1_000)
  }

  // open opens the stream at once, as when somebody has signed in again.
  open(): void {
    clearTimeout(this.timer)
    this.source?.close()
    const url = new URL(this.url)
    if (this.last) url.searchParams.set('last_event_id', this.last)
    const source = new EventSource(url)
    this.source = source
    this.heard = performance.now()
    const on = (name: 'snapshot' | 'delta' | 'beat' | 'hello') =>
      source.addEventListener(name, (e: MessageEvent<string>) => {
        this.heard = performance.now()
        this.pause = 500
        if (e.lastEventId) this.last = e.lastEventId
        if (name !== 'hello') this.tell({kind: name, data: JSON.parse(e.data)} as News)
      })
    for (const name of ['hello', 'snapshot', 'delta', 'beat'] as const) on(name)
    source.addEventListener('error', () => {
      if (source !== this.source || source.readyState !== EventSource.CLOSED) return // else it tries again by itself
      this.tell({kind: 'lost'})
      this.again()
    })
  }

  private again(): void {
    this.source?.close()
    this.source = undefined
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.open(), this.pause * (0.5 + Math.random()))
    this.pause = Math.min(2 * this.pause, mostPause)
  }

  close(): void {
    clearInterval(this.watch)
    clearTimeout(this.timer)
    this.source?.close()
    this.source = undefined
  }
}
