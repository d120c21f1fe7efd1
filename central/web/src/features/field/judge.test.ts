import { describe, expect, it } from 'vitest'
import { dated, pause, tooMany, verdict, worth } from './judge'
import type { Spot } from './kept'

const spot = (at: number, lat = 32, more: Partial<Spot> = {}): Spot => ({ stream: 's', at, lon: 121, lat, ...more })

describe('what an answer means', () => {
  it('is waited for when time heals it, held when a person must, and never drops what may still do', () => {
    for (const [status, code, want] of [
      [200, '', 'sent'], [0, '', 'wait'], [429, 'field.too_many', 'wait'], [500, 'internal', 'wait'], [503, '', 'wait'], [422, 'field.photo_missing', 'wait'],
      [401, 'video.link_expired', 'hold'], [403, 'video.token_scope', 'hold'], [409, 'field.no_incident', 'hold'], [409, 'field.full', 'hold'],
      [422, 'field.text', 'refused'], [409, 'field.key_taken', 'refused'], [404, 'response.no_task', 'refused'],
    ] as const) expect(verdict(status, code), `${status} ${code}`).toBe(want)
  })

  it('waits longer each time, a minute and a quarter at most', () => {
    expect(pause(0, 0)).toBe(1500)
    expect(pause(3, 0.5)).toBe(16_000)
    expect(pause(99, 1)).toBe(75_000)
  })
})

describe('places', () => {
  it('are kept when the phone has moved, or once a minute', () => {
    expect(worth(undefined, spot(0))).toBe(true)
    expect(worth(spot(0), spot(10_000))).toBe(false)
    expect(worth(spot(0), spot(60_000))).toBe(true)
    expect(worth(spot(0), spot(10_000, 32.001))).toBe(true)
    expect(worth(spot(0), spot(10_000, 32.001, { accuracy: 500 }))).toBe(false)
    expect(worth(spot(0), spot(2000, 32.001))).toBe(false)
    expect(worth(spot(10_000), spot(0))).toBe(true) // the clock was set back
  })

  it('of the older half go first when there are too many', () => {
    const many = Array.from({ length: 12_002 }, (_, i) => spot(i))
    expect(tooMany(many.slice(0, 12_000))).toEqual([])
    const gone = tooMany(many)
    expect([gone.length, gone[0]?.at, gone.at(-1)?.at]).toEqual([3000, 1, 5999])
  })

  it('are dated by the centre once and say the same when they are sent again', () => {
    const first = dated([spot(5000)], 2000)
    expect(first[0]?.fixed).toBe(3000)
    expect(dated(first, 9000)[0]?.fixed).toBe(3000)
  })
})
