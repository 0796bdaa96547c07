// How rows are called.
import type {Agent, Queue, Schemas} from '../../api/client'
import {i18n, inWords} from '../../i18n/index.svelte'
import {centre} from './centre.svelte'

export const stateMarks: Record<Agent['state'], string> = {offline: '○', available: '●', reserved: '◔', talking: '◆', wrapup: '◇', paused: '▮'}

// queueName is a queue's name in the language of the page.
export function queueName(q: Queue | undefined, id: string = q?.id ?? ''): string {
  return inWords(q?.names, q?.name || id)
}

export function reasonWord(id: string): string {
  return inWords(centre.reasons().find((r) => r.id === id)?.texts, id)
}

// stateWord is what an agent does; of one who is available and gets no call, why not.
export function stateWord(a: Agent): string {
  const t = i18n.t
  let word = t.agentStates[a.state]
  if (a.passed_over) word += `, ${t.passedOver}: ${a.cause ? t.causes[a.cause] : a.device ? t.devices[a.device] : ''}`
  if (a.state === 'paused' && a.reason) word += `: ${reasonWord(a.reason)}`
  if (a.over) word += ` (${t.pauseOver[a.over]})`
  return word
}

export function phoneWord(d: Schemas['DeviceState'] | undefined): string {
  return d ? i18n.t.devices[d] : ''
}
