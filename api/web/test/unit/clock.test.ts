import {afterEach, beforeEach, expect, test, vi} from 'vitest'

beforeEach(() => void vi.useFakeTimers({now: Date.parse('2026-03-02T15:00:10.500Z')}))
afterEach(() => void vi.useRealTimers())

// What answers say of the server's time moves ours by no more than it must, however late they come.
test('hints of the time', async () => {
  const {clock} = await import('../../src/live/clock.svelte')
  const ours = () => Date.now()
  clock.hint('Mon, 02 Mar 2026 15:00:02 GMT', ours() - 8_400) // it came after eight seconds: the server's may be ours
  expect(clock.server() - ours()).toBe(0)
  clock.hint(null, ours())
  clock.hint('soon', ours())
  expect(clock.server() - ours()).toBe(0)
  clock.hint('Mon, 02 Mar 2026 15:00:20 GMT', ours() - 100) // at least 9.5 s ahead
  expect(clock.server() - ours()).toBe(9_500)
  clock.hint('Mon, 02 Mar 2026 15:00:05 GMT', ours() - 100) // at most 4.4 s behind
  expect(clock.server() - ours()).toBe(-4_400)
})
