import { describe, expect, it } from 'vitest'
import { next, owes, runs, type Inject } from './types'

const inject = (id: string, way: string, minutes: number, state = 'waiting') => ({ id, way, minutes, state }) as Inject

describe('exercises', () => {
  it('owe what is neither held nor planned', () => {
    expect(owes({ times: 2, paid: 0, planned: 1 })).toBe(1)
    expect(owes({ times: 1, paid: 2, planned: 0 })).toBe(0)
  })

  it('give the timed line that comes first, then what waits', () => {
    const list = [inject('a', 'manual', 0), inject('b', 'timed', 30), inject('c', 'timed', 5), inject('d', 'timed', 1, 'given')]
    expect(next(list)?.id).toBe('c')
    expect(next([inject('a', 'manual', 0)])?.id).toBe('a')
    expect(next([inject('a', 'manual', 0, 'skipped')])).toBeUndefined()
  })

  it('have a clock that stands while they are paused', () => {
    expect(runs({ clock: 60, state: 'running' }, 1000, 6000)).toBe(65_000)
    expect(runs({ clock: 60, state: 'running' }, 6000, 1000)).toBe(60_000)
    expect(runs({ clock: 60, state: 'paused' }, 1000, 6000)).toBe(60_000)
  })
})
