import { describe, expect, it } from 'vitest'
import { coordinateText, metersPerPixel, numberText, scaleOf, unitText, valueText } from './label'

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

describe('coordinates', () => {
  it('name the hemisphere', () => {
    expect(coordinateText(120.94793, 32.53164)).toBe('32.53164°N 120.94793°E')
    expect(coordinateText(-0.5, -33)).toBe('33.00000°S 0.50000°W')
  })
})

describe('the scale bar', () => {
  it('is a round distance that fits', () => {
    expect(scaleOf(10, 110)).toEqual({ px: 100, text: '1 km' })
    expect(scaleOf(3, 110)).toEqual({ px: 200 / 3, text: '200 m' })
    expect(scaleOf(0, 110).px).toBe(0)
  })
  it('knows that a degree is shorter in the north', () => {
    expect(metersPerPixel(0, 0)).toBeCloseTo(78271.5, 0)
    expect(metersPerPixel(60, 10)).toBeCloseTo(38.2, 1)
  })
})
