import { describe, expect, it } from 'vitest'
import { editsOf, flat, merged } from './draft'

const conflict = { field: 'trend', mine: '蔓延', theirs: '可控', by: '甲' }

describe('a draft', () => {
  it('tells what was seen with each field that was typed, except those in conflict', () => {
    expect(editsOf({ place: '洋口镇 ', brief: '着火', trend: '蔓延' }, { place: '洋口', brief: '着火', trend: '可控' }, [conflict])).toEqual([{ field: 'place', from: '洋口', to: '洋口镇' }])
  })

  it('keeps what was typed while it was saved, and both sides of a conflict', () => {
    const sent = [{ field: 'place', from: '', to: '洋口' }, { field: 'trend', from: '', to: '蔓延' }]
    const shown = merged({ place: '洋口镇', trend: '蔓延', cause: '' }, sent, { place: '洋口', trend: '可控', cause: '电气' }, [conflict])
    expect(shown).toEqual({ place: '洋口镇', trend: '蔓延', cause: '电气' })
  })

  it('lets an answer go to what is not asked any more', () => {
    const sent = [{ field: 'answer shrinks figure.dead 3>2', from: '', to: '误报' }]
    expect(merged({ 'answer shrinks figure.dead 3>2': '误报' }, sent, { 'figure.dead': '1' }, [])).toEqual({ 'figure.dead': '1' })
  })

  it('is flat', () => {
    expect(flat({ values: { place: 'x' }, answers: { 'shrinks figure.dead': 'y' }, waived: { cause: 'z' }, level: 3, level_why: '' })).toEqual({
      place: 'x', level: '3', level_why: '', 'answer shrinks figure.dead': 'y', 'waive cause': 'z',
    })
  })
})
