import { describe, expect, it } from 'vitest'
import { readAddress, writeAddress } from './address'

describe('the address of a map', () => {
  it('survives writing and reading', () => {
    const address = { view: { lon: 120.94793, lat: 32.53164, zoom: 11.25 }, selected: 'rd-level-1', hidden: ['cameras', 'rivers'] as const }
    expect(readAddress(writeAddress({ ...address, hidden: [...address.hidden] }))).toEqual({ ...address, hidden: ['cameras', 'rivers'] })
  })
  it('leaves out what is as usual', () => {
    expect(writeAddress({ selected: '', hidden: [] })).toEqual({})
  })
  it('ignores nonsense', () => {
    for (const at of ['', 'a,b,c', '32,120', '95,120,9', '32,999,9', '32,120,99', '32,120,', '32,120,9,1']) expect(readAddress({ at }).view).toBeUndefined()
    expect(readAddress({ off: 'sensors,nothing', sel: ['a', 'b'] })).toEqual({ view: undefined, selected: 'a', hidden: ['sensors'] })
    expect(readAddress({ off: null, sel: undefined, at: 7 })).toEqual({ view: undefined, selected: '', hidden: [] })
  })
})
