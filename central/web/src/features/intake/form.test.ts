import { describe, expect, it } from 'vitest'
import { blank, figuresOf, missing } from './form'

describe('what a call must say', () => {
  const full = { ...blank('320623'), unit: '镇政府', phone: '1', place: '洋口', text: '着火' }

  it('names the first thing to ask for', () => {
    expect(missing(full, true)).toBeUndefined()
    expect(missing(full, false)).toBe('time')
    expect(missing({ ...full, text: ' ' }, true)).toBe('text')
    expect(missing({ ...full, place: '' }, true)).toBe('place')
    expect(missing({ ...full, unit: '' }, true)).toBe('caller')
    expect(missing({ ...full, phone: '' }, true)).toBe('phone')
    expect(missing({ ...full, kind: 'media', phone: '' }, true)).toBe('source')
    expect(missing({ ...full, figures: { dead: '两' } }, true)).toBe('figures')
  })

  it('takes whole numbers and leaves out what was not said', () => {
    expect(figuresOf({ ...full, figures: { dead: '2', missing: '' } })).toEqual({ dead: 2 })
    expect(figuresOf({ ...full, figures: { dead: '-1' } })).toBeUndefined()
  })
})
