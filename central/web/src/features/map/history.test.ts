import { describe, expect, it } from 'vitest'
import { hoursIn, marksOf, tail, withTail } from './history'
import { rulesFor, type Rule } from './rules'
import type { Device } from '@/api/types'

const dot = (at: number) => ({ at, value: at, min: at, max: at })

describe('the course of a value', () => {
  it('takes only what is newer', () => {
    expect(tail([dot(1)], dot(2))).toHaveLength(2)
    expect(tail([dot(2)], dot(2))).toHaveLength(1)
    expect(withTail([dot(1), dot(5)], [dot(4), dot(6)]).map((d) => d.at)).toEqual([1, 5, 6])
  })
})

describe('the strip of alarms', () => {
  const at = (n: number) => new Date(n).toISOString()
  it('places, cuts and leaves out', () => {
    const marks = marksOf([{ opened_at: at(150), returned_at: at(175) }, { opened_at: at(50), returned_at: at(110) }, { opened_at: at(10), returned_at: at(20) }, { opened_at: at(190) }], 100, 200)
    expect(marks.map((m) => [m.left, Number(m.width.toFixed(3))])).toEqual([[0.5, 0.25], [0, 0.1], [0.9, 0.1]])
  })
  it('labels full hours', () => {
    const from = new Date(2026, 10, 24, 1, 30).getTime()
    expect(hoursIn(from, from + 6 * 3_600_000, 3).map((h) => h.hour)).toEqual([3, 6])
  })
})

describe('rules of a series', () => {
  const device = { id: 'rd-level-1', class: 'water_level' } as Device
  const rule = (id: string, more: Partial<Rule>): Rule => ({ id, name: '', name_en: '', class: 'water_level', property: 'water_level', condition: 'above', limit: 1, level: 3, source: '', unverified: false, ...more })
  it('are those of the class, unless the station has its own', () => {
    const general = rule('general', {})
    const own = rule('own', { devices: ['rd-level-1'] })
    const others = [rule('other class', { class: 'gas' }), rule('other property', { property: 'x' }), rule('other station', { devices: ['y'] })]
    expect(rulesFor([general, ...others], device, 'water_level')).toEqual([general])
    expect(rulesFor([general, own, ...others], device, 'water_level')).toEqual([own])
  })
})
