import { describe, expect, it } from 'vitest'
import { step } from './keys'

describe('step', () => {
  const keys = ['a', 'b', 'c']
  it.each([['', 1, 'a'], ['', -1, 'a'], ['a', 1, 'b'], ['c', 1, 'c'], ['a', -1, 'a'], ['gone', 1, 'a']])('from %j by %d to %s', (from, by, to) => {
    expect(step(keys, from, by)).toBe(to)
  })
  it('of nothing is nothing', () => {
    expect(step([], 'a', 1)).toBe('')
  })
})
