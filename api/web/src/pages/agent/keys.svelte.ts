// Keys for what is done often: with Alt and Shift, so that none clashes with typing; off or others at will.
import {keep, kept, keptText} from '../../ui/kept'

export const acts = ['ready', 'pause', 'login', 'logout', 'hold', 'mute', 'hangup', 'transfer', 'complete', 'cancel', 'swap', 'conference', 'note', 'outcome', 'extend', 'machine', 'dial'] as const
export type KeyAct = (typeof acts)[number]
export type Keys = Record<KeyAct, string>

export const standard: Keys = {
  ready: 'R', pause: 'P', login: 'I', logout: 'O', hold: 'H', mute: 'M', hangup: 'X', transfer: 'T', complete: 'C', cancel: 'B', swap: 'S', conference: 'J', note: 'N', outcome: 'D', extend: 'E', machine: 'A', dial: 'L',
}

export const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')

// merged are the keys as somebody wants them, as far as that is sound: a letter each, no two the same.
export function merged(text: string): Keys {
  let wanted: Partial<Record<string, unknown>> = {}
  try {
    wanted = JSON.parse(text || '{}') as typeof wanted
  } catch {
    // not ours
  }
  const out = {...standard}
  for (const a of acts) {
    const k = wanted?.[a]
    if (typeof k === 'string' && letters.includes(k)) out[a] = k
  }
  return new Set(Object.values(out)).size === acts.length ? out : {...standard}
}

interface Pressed {
  altKey: boolean
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  code: string
  key: string
}

// meant is what keys that are pressed ask for: an act, the list of keys, or nothing.
export function meant(e: Pressed, keys: Keys): KeyAct | 'help' | '' {
  if (e.ctrlKey || e.metaKey) return ''
  if (!e.altKey) return e.key === '?' ? 'help' : ''
  if (!e.shiftKey || !e.code.startsWith('Key')) return ''
  return acts.find((a) => keys[a] === e.code.slice(3)) ?? ''
}

// typing tells whether what has the focus takes letters.
export function typing(el: {tagName: string; type?: string; isContentEditable?: boolean} | null): boolean {
  if (!el) return false
  return el.isContentEditable === true || el.tagName === 'TEXTAREA' || el.tagName === 'SELECT' || (el.tagName === 'INPUT' && !['checkbox', 'radio', 'button'].includes(el.type ?? ''))
}

class Shortcuts {
  on = $state(kept('keys.on', ['yes', 'no'], 'yes') === 'yes')
  keys: Keys = $state.raw(merged(keptText('keys')))

  turn(on: boolean): void {
    this.on = on
    keep('keys.on', on ? 'yes' : 'no')
  }

  // takenBy is what has a key already, '' when it is free.
  takenBy(act: KeyAct, key: string): KeyAct | '' {
    return acts.find((a) => a !== act && this.keys[a] === key) ?? ''
  }

  set(act: KeyAct, key: string): void {
    this.keys = {...this.keys, [act]: key}
    keep('keys', JSON.stringify(this.keys))
  }

  reset(): void {
    this.keys = {...standard}
    keep('keys', '')
  }
}

export const shortcuts = new Shortcuts()
