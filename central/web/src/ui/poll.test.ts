import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { usePoll } from './poll'

let scope: EffectScope
beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function polled<T>(key: () => string, ask: (signal: AbortSignal) => Promise<T>, idle?: () => boolean) {
  const poll = scope.run(() => usePoll(key, ask, 1000, idle))
  if (!poll) throw new Error('the scope has ended')
  return poll
}

describe('usePoll', () => {
  it('keeps what was read when a later question fails, says so, and forgets the failure with the next answer', async () => {
    const answers: (number | Error)[] = [1, new Error('away'), 3]
    const poll = polled(() => 'a', async () => {
      const next = answers.shift()
      if (next instanceof Error) throw next
      return next
    })
    await vi.advanceTimersByTimeAsync(0)
    expect([poll.value.value, poll.failure.value]).toEqual([1, undefined])
    const read = poll.readAt.value
    await vi.advanceTimersByTimeAsync(1000)
    expect(poll.value.value).toBe(1)
    expect(poll.failure.value).toBeInstanceOf(Error)
    expect(poll.readAt.value).toBe(read)
    await vi.advanceTimersByTimeAsync(1000)
    expect([poll.value.value, poll.failure.value]).toEqual([3, undefined])
  })

  it('shows nothing of the thing before, and drops an answer that comes for it later', async () => {
    const key = ref('a')
    let answerA: (v: string) => void = () => {}
    const poll = polled(() => key.value, () => (key.value === 'a' ? new Promise<string>((resolve) => (answerA = resolve)) : Promise.resolve('of b')))
    key.value = 'b'
    await nextTick()
    await vi.advanceTimersByTimeAsync(0)
    answerA('of a')
    await vi.advanceTimersByTimeAsync(0)
    expect(poll.value.value).toBe('of b')
  })

  it('waits for a slow answer, asks nothing without a key or while idle, and ends with its page', async () => {
    let asked = 0
    const key = ref('')
    const idle = ref(true)
    let done: () => void = () => {}
    polled(() => key.value, () => new Promise<void>((resolve) => {
      asked += 1
      done = resolve
    }), () => idle.value)
    await vi.advanceTimersByTimeAsync(3000)
    expect(asked).toBe(0)
    key.value = 'a'
    await vi.advanceTimersByTimeAsync(3000)
    expect(asked).toBe(1)
    done()
    await vi.advanceTimersByTimeAsync(3000)
    expect(asked).toBe(1)
    idle.value = false
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).toBe(2)
    done()
    scope.stop()
    await vi.advanceTimersByTimeAsync(3000)
    expect(asked).toBe(2)
  })
})
