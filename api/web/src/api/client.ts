// The API as its document describes it. Paths are taken from where the page lies, so that
// it works below whatever path a proxy puts it.
import {clock} from '../live/clock.svelte'
import type {components, paths} from './schema'

export type Schemas = components['schemas']
export type Agent = Schemas['Agent']
export type Call = Schemas['LiveCall']
export type Queue = Schemas['Queue']
export type Me = Schemas['Me']
export type Campaign = Schemas['Campaign']
export type CampaignView = Schemas['CampaignView']
export type Problem = Schemas['Problem']

type Method = 'get' | 'post' | 'put' | 'delete'
type Op<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never
export type With<M extends Method> = {[P in keyof paths]: Op<P, M> extends {responses: unknown} ? P : never}[keyof paths]
type Json<R> = R extends {content: {'application/json': infer T}} ? T : undefined
type Answer<O> = O extends {responses: infer R}
  ? R extends {200: infer A} ? Json<A> : R extends {202: infer A} ? Json<A> : undefined
  : never
type Query<O> = O extends {parameters: {query?: infer Q}} ? Q : never
type Body<O> = O extends {requestBody?: {content: {'application/json': infer B}}} ? B : undefined

// Refused is an answer that says no, and why.
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title)
  }
}

const patience = 20_000

let over: (asked: number) => void = () => {}

// whenOver says what is to be done when the API does not know us any more: it is told when it was asked.
export function whenOver(f: (asked: number) => void): void {
  over = f
}

export function address(path: string): URL {
  return new URL('.' + path, document.baseURI)
}

interface Asked {
  path?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
}

// located is where a path of the document is, with what stands in braces.
export function located(path: string, of: Record<string, string> = {}): URL {
  return address(path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(of[name] ?? '')))
}

function problemOf(status: number, title: string, text: string): Problem {
  try {
    return JSON.parse(text) as Problem
  } catch {
    return {status, code: 'unavailable', title: title || String(status)} // a proxy's own page: its status says enough
  }
}

async function ask(method: Method, path: string, o: Asked): Promise<unknown> {
  const url = located(path, o.path)
  for (const [name, value] of Object.entries(o.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value))
  const init: RequestInit = {method: method.toUpperCase(), signal: AbortSignal.timeout(patience), cache: 'no-store'}
  if (o.body !== undefined) {
    init.headers = {'Content-Type': 'application/json'}
    init.body = JSON.stringify(o.body)
  }
  const asked = Date.now()
  const answer = await fetch(url, init)
  clock.hint(answer.headers.get('Date'), asked)
  if (answer.ok) {
    const text = await answer.text()
    return text ? JSON.parse(text) : undefined
  }
  const problem = problemOf(answer.status, answer.statusText, await answer.text())
  if (answer.status === 401 && problem.code !== 'second_factor' && path !== '/api/v1/session') over(asked)
  throw new Refused(problem)
}

export function get<P extends With<'get'>>(path: P, o: {path?: Record<string, string>; query?: Query<Op<P, 'get'>>} = {}): Promise<Answer<Op<P, 'get'>>> {
  return ask('get', path, o as Asked) as Promise<Answer<Op<P, 'get'>>>
}

export function post<P extends With<'post'>>(path: P, o: {path?: Record<string, string>; body?: Body<Op<P, 'post'>>} = {}): Promise<Answer<Op<P, 'post'>>> {
  return ask('post', path, o) as Promise<Answer<Op<P, 'post'>>>
}

export function put<P extends With<'put'>>(path: P, o: {path?: Record<string, string>; body?: Body<Op<P, 'put'>>} = {}): Promise<Answer<Op<P, 'put'>>> {
  return ask('put', path, o) as Promise<Answer<Op<P, 'put'>>>
}

export function remove<P extends With<'delete'>>(path: P, o: {path?: Record<string, string>; query?: Query<Op<P, 'delete'>>} = {}): Promise<unknown> {
  return ask('delete', path, o as Asked)
}

// upload sends a file, and tells how much of it is there; fetch does not.
export function upload<P extends With<'put'>>(path: P, o: {path: Record<string, string>; file: Blob; progress: (share: number) => void; stop: AbortSignal}): Promise<Answer<Op<P, 'put'>>> {
  return new Promise((done, failed) => {
    const x = new XMLHttpRequest()
    const asked = Date.now()
    x.open('PUT', located(path, o.path))
    x.setRequestHeader('Content-Type', 'application/octet-stream')
    x.responseType = 'text'
    x.upload.onprogress = (e) => o.progress(e.lengthComputable ? e.loaded / e.total : 0)
    x.onerror = x.ontimeout = () => failed(new TypeError('the connection broke'))
    x.onabort = () => failed(o.stop.reason)
    x.onload = () => {
      if (x.status === 200) return done(JSON.parse(x.responseText))
      if (x.status === 401) over(asked)
      failed(new Refused(problemOf(x.status, x.statusText, x.responseText)))
    }
    o.stop.addEventListener('abort', () => x.abort())
    x.send(o.file)
  })
}
