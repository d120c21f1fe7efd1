import { expect, it, vi } from 'vitest'
import { useEar } from './ear'
import type { Heard } from './sender'

const pass = { stream: 's', token: 't' }

it('fetches what is new once and goes on with that', async () => {
  const asked: Heard[] = []
  let known = 'a'
  const fetched = vi.fn(() => {
    known = 'b'
    return Promise.resolve()
  })
  let done = () => undefined as void
  const told = new Promise<void>((go) => (done = go))
  const ear = useEar(pass, () => known, fetched, () => undefined, (_, k, signal) => {
    asked.push(k)
    if (k.news === 'a') return Promise.resolve({ wanted: true, news: 'b' })
    done()
    return new Promise((_, no) => signal.addEventListener('abort', () => no(new Error('over'))))
  })
  ear.begin()
  ear.begin()
  await told
  ear.stop()
  expect(fetched).toHaveBeenCalledTimes(1)
  expect(asked).toEqual([{ wanted: false, news: 'a' }, { wanted: true, news: 'b' }])
})

it('says how often it has failed, and forgets that after an answer', async () => {
  const deaf: number[] = []
  let n = 0
  let told = () => undefined as void
  const ear = useEar(pass, () => 'a', () => Promise.resolve(), (times) => {
    deaf.push(times)
    told()
  }, () => (++n === 3 ? Promise.resolve({ wanted: true, news: 'a' }) : Promise.reject(new Error('no net'))))
  for (let i = 0; i < 3; i++) {
    await new Promise<void>((done) => {
      told = done
      ear.begin()
    })
  }
  expect(deaf).toEqual([1, 2, 1])
  expect(ear.hears()).toBe(false)
})

it('does not press a centre that answers without news at once', async () => {
  vi.useFakeTimers()
  let asked = 0
  const ear = useEar(pass, () => 'a', () => Promise.resolve(), () => undefined, () => (asked++, Promise.resolve({ wanted: false, news: 'a' })))
  ear.begin()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toBeLessThanOrEqual(7)
  ear.stop()
  vi.useRealTimers()
})
