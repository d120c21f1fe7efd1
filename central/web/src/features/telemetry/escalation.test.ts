import { describe, expect, it } from 'vitest'
import { minutesOf, secondsOf } from './escalation'

describe('times of the policy', () => {
  it('are written and read in minutes', () => {
    expect(minutesOf([180, 90])).toBe('3, 1.5')
    expect(secondsOf('3, 1.5')).toEqual([180, 90])
    expect(secondsOf('3，5 10')).toEqual([180, 300, 600])
  })
  it('are refused when they cannot be read', () => {
    for (const text of ['x', '0', '3, -1', '1441', '1 2 3 4 5 6 7 8 9']) {
      expect(secondsOf(text)).toEqual([])
      expect(secondsOf(text, true)).toBe(false)
    }
    expect(secondsOf('', true)).toBe(true)
  })
})
