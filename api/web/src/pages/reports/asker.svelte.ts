// Asking for figures: the latest answer, whatever was asked before and came later.
import {Refused} from '../../api/client'
import {session} from '../../session.svelte'
import {refusal} from '../../ui/refusal'

export class Asker<T> {
  answer: T | undefined = $state.raw()
  at = $state(0) // of the answer
  busy = $state(false)
  field = $state('') // that was wrong
  bad = $state('')
  private turn = 0

  async ask(what: () => Promise<T>): Promise<void> {
    const turn = ++this.turn
    this.busy = true
    this.bad = this.field = ''
    try {
      const answer = await what()
      if (turn !== this.turn) return
      this.answer = answer
      this.at = Date.now()
    } catch (e) {
      if (turn !== this.turn) return
      this.answer = undefined
      this.bad = refusal(e)
      this.field = (e instanceof Refused && e.problem.field) || ''
      if (session.over) session.whenBack(() => void this.ask(what))
    } finally {
      if (turn === this.turn) this.busy = false
    }
  }
}
