import {Refused} from '../api/client'
import {i18n} from '../i18n/index.svelte'

// refusal is what an answer that says no says, or that there was none.
export const refusal = (e: unknown): string => (e instanceof Refused ? e.message : i18n.t.unreachable)
