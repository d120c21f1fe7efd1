import { describe, expect, it } from 'vitest'
import { bySystem, correctedOf, levelsOf } from './step'

describe('a line of the timeline', () => {
  it('holds levels, corrections and who wrote it as values', () => {
    expect(levelsOf({ kind: 'graded', act: '0→4' })).toEqual({ from: 0, to: 4 })
    expect(levelsOf({ kind: 'response', act: 'plan' })).toBeUndefined()
    expect(correctedOf({ kind: 'changed', text: '321 → 320623（听错）' })).toEqual({ from: '321', to: '320623', why: '听错' })
    expect(correctedOf({ kind: 'changed', text: ' → 32.3,121.1' })).toEqual({ from: '', to: '32.3,121.1', why: '' })
    expect(correctedOf({ kind: 'note', text: 'a → b' })).toBeUndefined()
    expect([bySystem({ by_name: 'resource', org_name: '' }), bySystem({ by_name: '许超', org_name: '如东' }), bySystem({ by_name: 'Li', org_name: '' })]).toEqual([true, false, false])
  })
})
