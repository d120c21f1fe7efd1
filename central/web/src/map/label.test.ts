import { describe, expect, it } from 'vitest'
import { coordinateText, metersPerPixel, scaleOf } from './label'

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
