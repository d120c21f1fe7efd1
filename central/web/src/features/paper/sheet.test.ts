import { describe, expect, it } from 'vitest'
import { centres, seriesOf } from './sheet'
import type { Taken } from './types'

function taken(no: number, more: Partial<Taken> = {}): Taken {
  return { prefix: '东应急', year: 2026, no, org_id: '', paper_id: '', title: '', kind: 'letter', state: 'signed', at: '', by: '', voided_by: '', reason: '', ...more }
}

describe('a line of a document', () => {
  it('gives ASCII half a cell and everything else a whole one', () => {
    expect(centres({ text: '第12号', x: 10, pitch: 20 })).toEqual([20, 35, 45, 60])
  })
  it('has one place for each half of a character beyond the first plane', () => {
    expect(centres({ text: '𠮷a', x: 0, pitch: 10 })).toEqual([5, 5, 12.5])
  })
})

describe('the register', () => {
  it('is summed up by prefix and year, newest first', () => {
    const list = [taken(3, { state: 'draft' }), taken(1, { voided_at: '2026-01-02T00:00:00Z', state: '' }), taken(2), taken(1, { year: 2025 })]
    expect(seriesOf(list)).toEqual([
      { prefix: '东应急', year: 2026, last: 3, voided: 1, held: 1, gaps: [] },
      { prefix: '东应急', year: 2025, last: 1, voided: 0, held: 0, gaps: [] },
    ])
  })
  it('names a number that is not there', () => {
    expect(seriesOf([taken(4), taken(2)])[0]?.gaps).toEqual([1, 3])
  })
})
