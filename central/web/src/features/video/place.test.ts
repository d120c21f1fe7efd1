import { describe, expect, it } from 'vitest'
import { arrived, later, measured, newPlace, newWork, phaseOf } from './place'

const sample = (at: number, frames: number) => ({ at, frames, bytes: frames * 1000, buffered: 0, emitted: frames, rtt: 0 })

describe('a place of the wall', () => {
  it('shows the new camera only when a picture later than the last of the old one is there', () => {
    const p = newPlace()
    const w = newWork()
    Object.assign(p, { stream: 'cam-2' })
    Object.assign(w, { placed: true, after: 4_294_967_290, began: 1000 })
    expect(arrived(p, w, undefined, 1010)).toBe(false)
    expect(arrived(p, w, 4_294_967_290, 1020)).toBe(false)
    expect(phaseOf(p)).toBe('starting')
    expect(arrived(p, w, 84, 1087)).toBe(true)
    expect([phaseOf(p), p.took]).toEqual(['live', 87])
  })
  it('counts the pictures of the new camera alone, and tells when they stop', () => {
    const p = newPlace()
    const w = newWork()
    Object.assign(p, { stream: 'cam-2', failure: 'the one before' })
    measured(p, w, sample(0, 500))
    expect(p.picture).toBeUndefined()
    arrived(p, w, 7, 0)
    measured(p, w, sample(1000, 510))
    measured(p, w, sample(2000, 530))
    expect([p.picture?.frames, p.failure, phaseOf(p)]).toEqual([21, undefined, 'live'])
    measured(p, w, sample(9000, 530))
    expect([phaseOf(p), p.picture?.frozenSince]).toEqual(['frozen', 2000])
  })
  it('says what stands in its way', () => {
    const p = newPlace()
    expect(phaseOf(p)).toBe('idle')
    p.failure = 'no'
    expect(phaseOf(p)).toBe('failed')
    Object.assign(p, { stream: 'cam-1', waiting: true })
    expect(phaseOf(p)).toBe('retrying')
  })
  it('compares times that wrap around', () => {
    expect([later(1, 4_294_967_295), later(4_294_967_295, 1), later(5, 5), later(6, 5)]).toEqual([true, false, false, true])
  })
})
