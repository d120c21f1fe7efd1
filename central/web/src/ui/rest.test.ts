import { describe, expect, it } from 'vitest'
import { nextOf, restOf, type Row } from './rest'

const rows = (...levels: Row['level'][]): Row[] => levels.map((level, i) => ({ top: i * 10, bottom: i * 10 + 10, level }))

describe('restOf', () => {
  it('says nothing while everything is in view', () => expect(restOf(rows(2, 0, 0), { top: 0, bottom: 30 })).toEqual({ n: 0, worst: 0 }))
  it('counts a row that is half in view', () => expect(restOf(rows(2, 0, 3), { top: 0, bottom: 25 })).toEqual({ n: 1, worst: 3 }))
  it('names the gravest of those above and below', () => expect(restOf(rows(1, 2, 4, 0), { top: 10, bottom: 20 })).toEqual({ n: 3, worst: 1 }))
  it('knows rows without an alarm', () => expect(restOf(rows(0, 0), { top: 0, bottom: 10 })).toEqual({ n: 1, worst: 0 }))
})

describe('nextOf', () => {
  it('goes on with the first row that is cut', () => expect(nextOf(rows(1, 1, 1), { top: 0, bottom: 15 }, true)).toBe(1))
  it('begins again after the last', () => expect(nextOf(rows(1, 1, 1), { top: 10, bottom: 30 }, true)).toBe(0))
  it('leaves pages out on which nothing is alarmed', () => expect(nextOf(rows(1, 1, 0, 0), { top: 0, bottom: 20 }, true)).toBe(0))
  it('shows them to a hand', () => expect(nextOf(rows(1, 1, 0, 0), { top: 0, bottom: 20 }, false)).toBe(2))
})
