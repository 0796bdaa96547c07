import {session} from '../session.svelte'
import {Board} from './board.svelte'

// watched is a board that comes back by itself: when its stream was refused, once somebody has signed in again.
export function watched(topics: string): Board {
  const board: Board = new Board(topics, async () => {
    try {
      await session.look()
    } catch {
      // operadora is away, and the stream tries again
    }
    if (session.over) session.whenBack(() => board.retry())
  })
  return board
}
