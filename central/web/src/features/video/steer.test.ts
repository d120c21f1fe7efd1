import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { renewMs, Steerer, together, type Order } from './steer'

const right = { pan: 1, tilt: 0, zoom: 0 }

describe('together', () => {
  it('adds the keys that are held and leaves others alone', () => {
    expect(together(['ArrowLeft', 'ArrowUp', 'x'], 0.5)).toEqual({ pan: -0.5, tilt: 0.5, zoom: 0 })
    expect(together(['+'], 1)).toEqual({ pan: 0, tilt: 0, zoom: 1 })
    expect(together(['+', '='], 1)).toEqual({ pan: 0, tilt: 0, zoom: 1 })
    expect(together(['x'], 1)).toBeUndefined()
  })
})

describe('Steerer', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function made(answer: (order: Order) => Promise<void> = () => Promise.resolve()) {
    const sent: string[] = []
    const failed: unknown[] = []
    const s = new Steerer((o) => { sent.push(o.act); return answer(o) }, (e) => failed.push(e))
    return { s, sent, failed }
  }

  it('renews a movement while it is held and stops it when it is let go', async () => {
    const { s, sent } = made()
    s.press(right)
    s.press(right)
    await vi.advanceTimersByTimeAsync(2 * renewMs + 10)
    s.release()
    s.release()
    await vi.advanceTimersByTimeAsync(5 * renewMs)
    expect(sent).toEqual(['move', 'move', 'move', 'stop'])
  })

  it('renews nothing while an answer is on its way', async () => {
    const { s, sent } = made(() => new Promise(() => {}))
    s.press(right)
    await vi.advanceTimersByTimeAsync(5 * renewMs)
    expect(sent).toEqual(['move'])
  })

  it('stops again when a move that was under way may have come after the stop', async () => {
    let done = () => {}
    const { s, sent } = made((o) => (o.act === 'move' ? new Promise((r) => { done = r }) : Promise.resolve()))
    s.press(right)
    s.release()
    expect(sent).toEqual(['move', 'stop'])
    done()
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toEqual(['move', 'stop', 'stop'])
  })

  it('ends with the first order that fails', async () => {
    const { s, sent, failed } = made(() => Promise.reject(new Error('offline')))
    s.press(right)
    await vi.advanceTimersByTimeAsync(5 * renewMs)
    expect(sent).toEqual(['move'])
    expect(failed).toHaveLength(1)
    expect(s.moving).toBe(false)
  })
})
