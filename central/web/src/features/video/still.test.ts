import { describe, expect, it } from 'vitest'
import { keepStill, newStills, type Still } from './still'

const still = (at: number): Still => ({ image: {} as HTMLCanvasElement, at })

describe('the last pictures of a page', () => {
  it('are the newest of each camera, and not more than a wall shows', () => {
    const all = newStills()
    for (let i = 0; i < 24; i++) keepStill(all, `cam-${String(i)}`, still(i))
    keepStill(all, 'cam-0', still(100))
    keepStill(all, 'cam-24', still(101))
    expect(all.size).toBe(24)
    expect([all.get('cam-0')?.at, all.has('cam-1'), all.get('cam-24')?.at]).toEqual([100, false, 101])
  })
})
