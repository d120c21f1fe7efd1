import { describe, expect, it } from 'vitest'
import { nextOf, wordsOf } from './types'

describe('what may be told of a dispatch', () => {
  it('goes forward, and a crew does not release itself', () => {
    expect(nextOf('sent', false)[0]).toBe('en_route')
    expect(nextOf('on_site', true)).toEqual(['report'])
    expect(nextOf('issued', true)).toEqual([])
    expect(nextOf('released', false)).toEqual([])
  })
})

describe('the capabilities of a team', () => {
  it('stand in one line, with any of the marks that people use', () => {
    expect(wordsOf(' 危化处置、洗消车,堵漏；, ')).toEqual(['危化处置', '洗消车', '堵漏'])
    expect(wordsOf(' ')).toEqual([])
  })
})
