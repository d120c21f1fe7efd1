import { describe, expect, it } from 'vitest'
import { copyOf, editsOf, flat, merged, restored, wrongOf } from './draft'

const conflict = { field: 'trend', mine: '蔓延', theirs: '可控', by: '甲' }

describe('a draft', () => {
  it('tells what was seen with each field that was typed, except those in conflict and those held back', () => {
    const typed = { place: '洋口镇 ', brief: '着火', trend: '蔓延', 'figure.dead': '三' }
    const seen = { place: '洋口', brief: '着火', trend: '可控', 'figure.dead': '' }
    expect(editsOf(typed, seen, [conflict], (f, text) => wrongOf(f, text, 'line') !== '')).toEqual([{ field: 'place', from: '洋口', to: '洋口镇' }])
  })

  it('says what cannot be kept as it stands', () => {
    expect(wrongOf('figure.dead', '三', 'figure')).toBe('figure')
    expect(wrongOf('figure.dead', ' 3 ', 'figure')).toBe('')
    expect(wrongOf('occurred_at', '0805', 'time')).toBe('time')
    expect(wrongOf('occurred_at', '2026-11-26T08:05:00+08:00', 'time')).toBe('')
    expect(wrongOf('occurred_at', '', 'time')).toBe('')
    expect(wrongOf('place', '三', 'line')).toBe('')
  })

  it('keeps what was typed while it was saved, in this field and in others, and both sides of a conflict', () => {
    const sent = [{ field: 'place', from: '', to: '洋口' }]
    const typed = { place: '洋口镇', trend: '蔓延', cause: '', brief: '着火', 'figure.dead': '三' }
    const shown = merged(typed, { place: '', trend: '', cause: '', brief: '', 'figure.dead': '' }, sent, { place: '洋口', trend: '可控', cause: '电气' }, [conflict], '甲')
    expect(shown.typed).toEqual({ place: '洋口镇', trend: '蔓延', cause: '电气', brief: '着火', 'figure.dead': '三' })
    expect(shown.conflicts).toEqual([conflict])
  })

  it('never writes over what somebody else wrote where something is unsaved', () => {
    expect(merged({ brief: '着火' }, { brief: '' }, [], { brief: '冒烟' }, [], '乙').conflicts).toEqual([{ field: 'brief', mine: '着火', theirs: '冒烟', by: '乙' }])
  })

  it('comes back after a reload with what the centre had not got', () => {
    const copy = copyOf({ place: '洋口镇', brief: '着火', trend: '蔓延' }, { place: '洋口', brief: '着火', trend: '可控' }, [conflict])
    expect(copy).toEqual({ edits: [{ field: 'place', from: '洋口', to: '洋口镇' }], conflicts: [conflict] })
    expect(copyOf({ place: '洋口 ' }, { place: '洋口' }, [])).toBeUndefined()
    const same = restored(copy!, { place: '洋口', brief: '着火', trend: '可控' }, '甲')
    expect(same).toEqual({ typed: { place: '洋口镇', brief: '着火', trend: '蔓延' }, conflicts: [conflict] })
    const other = restored(copy!, { place: '长沙镇', brief: '着火', trend: '蔓延' }, '乙')
    expect(other.typed).toEqual({ place: '洋口镇', brief: '着火', trend: '蔓延' })
    expect(other.conflicts).toEqual([{ field: 'place', mine: '洋口镇', theirs: '长沙镇', by: '乙' }])
  })

  it('lets an answer go to what is not asked any more', () => {
    const sent = [{ field: 'answer shrinks figure.dead 3>2', from: '', to: '误报' }]
    expect(merged({ 'answer shrinks figure.dead 3>2': '误报' }, {}, sent, { 'figure.dead': '1' }, [], '').typed).toEqual({ 'figure.dead': '1' })
  })

  it('is flat', () => {
    expect(flat({ values: { place: 'x' }, answers: { 'shrinks figure.dead': 'y' }, waived: { cause: 'z' }, level: 3, level_why: '' })).toEqual({
      place: 'x', level: '3', level_why: '', 'answer shrinks figure.dead': 'y', 'waive cause': 'z',
    })
  })
})
