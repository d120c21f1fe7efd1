import { describe, expect, it } from 'vitest'
import { distance, numberText, unitText, valueText } from './values'

describe('values', () => {
  it('keep the digits of their series', () => {
    expect(valueText(5.2, 'm', 2)).toBe('5.20 m')
    expect(valueText(8, '%{LEL}', 1)).toBe('8.0 %LEL')
    expect(valueText(85, '%', 0)).toBe('85%')
    expect(valueText(12, '', 0)).toBe('12')
  })
  it('without digits show what is sensible', () => {
    expect(numberText(5.2345)).toBe('5.23')
    expect(numberText(52.345)).toBe('52.3')
    expect(numberText(523.45)).toBe('523')
    expect(numberText(3)).toBe('3')
    expect(numberText(NaN)).toBe('–')
  })
  it('are distances to 10 m below 1 km, and never none', () => {
    expect([3, 14, 15, 994, 995, 1249, 1250, 12_340].map((m) => distance(m))).toEqual(['10 m', '10 m', '20 m', '990 m', '1.0 km', '1.2 km', '1.3 km', '12.3 km'])
  })
  it('have units as people write them', () => {
    expect(unitText('Cel')).toBe('°C')
    expect(unitText('ug/m3')).toBe('µg/m³')
    expect(unitText('{count}')).toBe('count')
  })
})
