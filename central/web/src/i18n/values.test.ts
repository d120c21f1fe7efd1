import { describe, expect, it } from 'vitest'
import { numberText, unitText, valueText } from './values'

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
  it('have units as people write them', () => {
    expect(unitText('Cel')).toBe('°C')
    expect(unitText('ug/m3')).toBe('µg/m³')
    expect(unitText('{count}')).toBe('count')
  })
})
