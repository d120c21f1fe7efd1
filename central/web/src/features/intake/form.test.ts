import { describe, expect, it } from 'vitest'
import { blank, countyIn, figuresOf, missing } from './form'

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

describe('the county of a place', () => {
  const names = {
    counties: [{ code: '320612', name: '通州区', name_en: 'Tongzhou' }, { code: '320623', name: '如东县', name_en: 'Rudong' }],
    townships: [{ name: '洋口镇', county: '320623' }, { name: '城东镇', county: '320623' }, { name: '城东镇', county: '320612' }],
  }

  it('is named by itself or by a township, and never guessed', () => {
    expect(countyIn('如东县洋口镇海堤', names)).toBe('320623')
    expect(countyIn('如东海边', names)).toBe('320623')
    expect(countyIn('洋口镇海堤路', names)).toBe('320623')
    expect(countyIn('the dyke of rudong', names)).toBe('320623')
    for (const none of ['', '海堤路', '城东镇', '通州到如东的路上']) expect(countyIn(none, names)).toBe('')
  })
})
