import { describe, expect, it } from 'vitest'
import { freeSlot, plain, put, readLayout, slotsOf } from './layout'

describe('the layout of pictures', () => {
  it('survives whatever was stored', () => {
    expect(readLayout('')).toEqual(plain)
    expect(readLayout('null')).toEqual(plain)
    expect(readLayout('{"size":7,"slots":["a",3]}')).toEqual({ size: 4, slots: ['a', ''] })
  })
  it('shows a camera in one tile only', () => {
    const one = put({ size: 4, slots: [] }, 0, 'a')
    const two = put(one, 2, 'a')
    expect(slotsOf(two)).toEqual(['', '', 'a', ''])
    expect(slotsOf(put(two, 2, ''))).toEqual(['', '', '', ''])
  })
  it('fills the marked tile if it is empty, else the first empty one, else the marked', () => {
    expect(freeSlot({ size: 4, slots: ['a', 'b'] }, 3)).toBe(3)
    expect(freeSlot({ size: 4, slots: ['a', 'b'] }, 0)).toBe(2)
    expect(freeSlot({ size: 1, slots: ['a'] }, 0)).toBe(0)
  })
})
