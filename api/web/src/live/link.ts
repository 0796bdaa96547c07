// What a tab has of a stream: by the worker that all tabs share, or where there is none
// (or it may not be started) by a stream of its own.
import {address} from '../api/client'
import {Feed, type News} from './feed'
import type {Said} from './worker'
import workerURL from './worker?sharedworker&url'

interface Policy {
  createScriptURL(url: string): string
}
interface Types {
  createPolicy(name: string, rules: {createScriptURL: (url: string) => string}): Policy
}

let policy: Policy | undefined

// trusted lets the address of our own worker, and no other, be run.
function trusted(url: string): string {
  const types = (window as unknown as {trustedTypes?: Types}).trustedTypes
  if (!types) return url
  policy ??= types.createPolicy('operadora-worker', {
    createScriptURL: (asked) => {
      if (asked !== url) throw new TypeError('not the worker of these pages')
      return asked
    },
  })
  return policy.createScriptURL(url)
}

export interface Link {
  retry(): void
  close(): void
}

export function link(topics: string, tell: (n: News) => void): Link {
  const at = address('/api/v1/live')
  at.searchParams.set('topics', topics)
  const url = at.href
  if (typeof SharedWorker === 'undefined') {
    const feed = new Feed(url, tell)
    return {retry: () => feed.open(), close: () => feed.close()}
  }
  const worker = new SharedWorker(trusted(new URL(workerURL, document.baseURI).href), {type: 'module', name: 'operadora-live'})
  const say = (s: Said) => worker.port.postMessage(s)
  worker.port.onmessage = (m: MessageEvent<News>) => tell(m.data)
  worker.port.start()
  say({kind: 'watch', url})
  const here = setInterval(() => say({kind: 'here'}), 20_000)
  const bye = () => say({kind: 'bye'})
  const back = (e: PageTransitionEvent) => {
    if (e.persisted) say({kind: 'watch', url})
  }
  addEventListener('pagehide', bye)
  addEventListener('pageshow', back)
  return {
    retry: () => say({kind: 'retry'}),
    close: () => {
      clearInterval(here)
      removeEventListener('pagehide', bye)
      removeEventListener('pageshow', back)
      bye()
      worker.port.close()
    },
  }
}
