import { describe, expect, it } from 'vitest'
import { freeSlot, gridOf, pagesOf, plain, put, readLayout, slotsOf, swap, type Layout } from './layout'

const of = (more: Partial<Layout>): Layout => ({ ...plain, ...more })

describe('the layout of pictures', () => {
  it('survives whatever was stored', () => {
    expect(readLayout('')).toEqual(plain)
    expect(readLayout('null')).toEqual(plain)
    expect(readLayout('{"size":7,"slots":["a",3],"tour":2}')).toEqual(of({ slots: ['a', ''] }))
    expect(readLayout('{"size":16,"slots":["a"],"tour":20.2}')).toEqual(of({ size: 16, slots: ['a'], tour: 20 }))
  })
  it('shows a camera in one tile only', () => {
    const one = put(of({}), 0, 'a')
    const two = put(one, 2, 'a')
    expect(slotsOf(two)).toEqual(['', '', 'a', ''])
    expect(slotsOf(put(two, 2, ''))).toEqual(['', '', '', ''])
  })
  it('fills the marked tile if it is empty, else the first empty one, else the marked', () => {
    expect(freeSlot(of({ slots: ['a', 'b'] }), 3)).toBe(3)
    expect(freeSlot(of({ slots: ['a', 'b'] }), 0)).toBe(2)
    expect(freeSlot(of({ size: 1, slots: ['a'] }), 0)).toBe(0)
    expect(freeSlot(of({ slots: ['a', 'b', 'c', 'd', 'e'] }), 0, 1)).toBe(5)
  })
  it('has as many pages as its cameras need', () => {
    expect(pagesOf(of({}))).toBe(1)
    const two = of({ slots: ['a', 'b', 'c', 'd', 'e', ''] })
    expect(pagesOf(two)).toBe(2)
    expect(slotsOf(two, 1)).toEqual(['e', '', '', ''])
    expect(pagesOf(put(two, 4, ''))).toBe(1)
  })
  it('changes two tiles with each other, also an empty one', () => {
    expect(slotsOf(swap(of({ slots: ['a', 'b'] }), 0, 1))).toEqual(['b', 'a', '', ''])
    expect(slotsOf(swap(of({ slots: ['a', 'b'] }), 0, 3))).toEqual(['', 'b', '', 'a'])
  })
  it('gives the large picture of eight most of a grid of four by four', () => {
    expect(gridOf(8).gridTemplate).toContain('repeat(4')
    expect(gridOf(9).gridTemplate).toContain('repeat(3')
  })
})
