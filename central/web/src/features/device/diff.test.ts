import { describe, expect, it } from 'vitest'
import { diff, folded } from './diff'

const text = (lines: ReturnType<typeof diff>): string => lines.map((l) => ({ same: ' ', out: '-', in: '+' })[l.kind] + l.text).join('|')

describe('the difference of two versions', () => {
  it('says what went and what came', () => {
    expect(text(diff('a\nb\nc', 'a\nx\nc'))).toBe(' a|-b|+x| c')
    expect(text(diff('a', 'a'))).toBe(' a')
    expect(text(diff('a\nb', 'b\nc'))).toBe('-a| b|+c')
  })
  it('folds what is the same', () => {
    const lines = diff('1\n2\n3\n4\n5\n6', '1\n2\n3\n4\n5\nx')
    expect(folded(lines, 1).map((l) => l?.text)).toEqual(['5', '6', 'x'])
    expect(folded(diff('a\n1\n2\n3\nb', 'x\n1\n2\n3\ny'), 1).map((l) => l?.text)).toEqual(['a', 'x', '1', undefined, '3', 'b', 'y'])
  })
})
