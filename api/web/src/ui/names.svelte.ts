// What queues and agents are called, and which there are.
import {get, type Schemas} from '../api/client'
import {i18n} from '../i18n/index.svelte'
import {session} from '../session.svelte'

class Names {
  definitions: Schemas['Definitions'] | undefined = $state.raw()

  async load(): Promise<void> {
    if (this.definitions || !session.may('getDefinitions')) return
    try {
      this.definitions = await get('/api/v1/definitions')
    } catch {
      // then ids are shown
    }
  }

  // of is what something is called, its id when it has no other name.
  of = (dimension: string, id: string): string => {
    const d = this.definitions
    if (dimension === 'queue') {
      const q = d?.queues.find((x) => x.id === id)
      return q?.name?.[i18n.language] || q?.name?.en || id
    }
    if (dimension === 'agent') {
      const name = d?.agents.find((x) => x.id === id)?.name
      return name && name !== id ? `${name} (${id})` : id
    }
    return id
  }

  // known are the ids that a filter may have; of some nobody knows all.
  known(f: string): string[] {
    const d = this.definitions
    switch (f) {
      case 'queue':
        return d?.queues.map((q) => q.id) ?? []
      case 'agent':
        return d?.agents.map((a) => a.id) ?? []
      case 'did':
        return d?.dids.map((x) => x.pattern).filter((p) => !p.endsWith('*')) ?? []
      case 'team':
        return session.me?.teams ?? []
      default:
        return []
    }
  }
}

export const names = new Names()
