// The API as its document describes it. Paths are taken from where the page lies, so that
// it works below whatever path a proxy puts it.
import type {components, paths} from './schema'

export type Schemas = components['schemas']
export type Agent = Schemas['Agent']
export type Call = Schemas['LiveCall']
export type Queue = Schemas['Queue']
export type Me = Schemas['Me']
export type Problem = Schemas['Problem']

type Method = 'get' | 'post' | 'delete'
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

let over: () => void = () => {}

// whenOver says what is to be done when the API does not know us any more.
export function whenOver(f: () => void): void {
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

async function ask(method: Method, path: string, o: Asked): Promise<unknown> {
  const url = address(path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(o.path?.[name] ?? '')))
  for (const [name, value] of Object.entries(o.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value))
  const init: RequestInit = {method: method.toUpperCase(), signal: AbortSignal.timeout(patience), cache: 'no-store'}
  if (o.body !== undefined) {
    init.headers = {'Content-Type': 'application/json'}
    init.body = JSON.stringify(o.body)
  }
  const answer = await fetch(url, init)
  if (answer.ok) return answer.status === 204 ? undefined : answer.json()
  let problem: Problem = {status: answer.status, code: 'unavailable', title: answer.statusText || String(answer.status)}
  try {
    problem = (await answer.json()) as Problem
  } catch {
    // a proxy's own page: its status says enough
  }
  if (answer.status === 401 && path !== '/api/v1/session') over()
  throw new Refused(problem)
}

export function get<P extends With<'get'>>(path: P, o: {path?: Record<string, string>; query?: Query<Op<P, 'get'>>} = {}): Promise<Answer<Op<P, 'get'>>> {
  return ask('get', path, o as Asked) as Promise<Answer<Op<P, 'get'>>>
}

export function post<P extends With<'post'>>(path: P, o: {path?: Record<string, string>; body?: Body<Op<P, 'post'>>} = {}): Promise<Answer<Op<P, 'post'>>> {
  return ask('post', path, o) as Promise<Answer<Op<P, 'post'>>>
}

export function remove<P extends With<'delete'>>(path: P): Promise<unknown> {
  return ask('delete', path, {})
}
