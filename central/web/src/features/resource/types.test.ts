import { describe, expect, it } from 'vitest'
import { nextOf } from './types'

describe('what may be told of a dispatch', () => {
  it('goes forward, and a crew does not release itself', () => {
    expect(nextOf('sent', false)[0]).toBe('en_route')
    expect(nextOf('on_site', true)).toEqual(['report'])
    expect(nextOf('issued', true)).toEqual([])
    expect(nextOf('released', false)).toEqual([])
  })
})
