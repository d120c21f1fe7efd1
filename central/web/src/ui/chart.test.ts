import { LineChart } from 'echarts/charts'
import { GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { describe, expect, it } from 'vitest'
import { option, rangeOf } from './chart'
import { tail, withTail, type Dot } from './series'

use([LineChart, GridComponent, TooltipComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer])

const dot = (at: number, min = at, max = at): Dot => ({ at, value: (min + max) / 2, min, max })
const colours = { text: '#010203', muted: '#000000', accent: '#040506', grid: '#000000', panel: '#000000', levels: ['#aa0000', '#bb0000', '#cc0000', '#0000dd'] as const }
const look = { value: String, axis: String, colours }

describe('the course of a value', () => {
  it('takes only what is newer', () => {
    expect(tail([dot(1)], dot(2))).toHaveLength(2)
    expect(tail([dot(2)], dot(2))).toHaveLength(1)
    expect(withTail([dot(1), dot(5)], [dot(4), dot(6)]).map((d) => d.at)).toEqual([1, 5, 6])
  })
})

describe('the range of a chart', () => {
  it('holds values and limits', () => {
    const range = rangeOf([dot(0, -1.3, -1)], [{ value: 2, level: 3, label: '' }])
    expect(range.min).toBeLessThan(-1.3)
    expect(range.max).toBeGreaterThan(2)
    expect(rangeOf([], [])).toEqual({ min: 0, max: 1 })
  })
})

// bandOf draws the chart and returns the highest and the lowest pixel of the band, and the pixels that its
// two values belong at.
function bandOf(low: number, high: number): { drawn: number[]; meant: number[] } {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 400, height: 300 })
  chart.setOption(option([dot(0, low, high), dot(1000, low, high)], { ...look, limits: [] }))
  const svg = chart.renderToSVGString()
  const meant = [high, low].map((v) => chart.convertToPixel({ yAxisIndex: 0 }, v))
  chart.dispose()
  const area = [...svg.matchAll(/<path d="([^"]+)" fill="#010203"[^>]*fill-opacity="0.16"/g)][0]?.[1] ?? ''
  const heights = [...area.matchAll(/[ML ]?(-?[\d.]+) (-?[\d.]+)/g)].map((m) => Number(m[2]))
  return { drawn: [Math.min(...heights), Math.max(...heights)], meant }
}

describe('the band from minimum to maximum', () => {
  it.each([[-1.3, -1], [-0.2, 0.4], [1, 1.3]])('%s to %s is drawn where it is', (low, high) => {
    const { drawn, meant } = bandOf(low, high)
    expect(Math.abs((drawn[0] ?? 0) - (meant[0] ?? 0))).toBeLessThan(1.5)
    expect(Math.abs((drawn[1] ?? 0) - (meant[1] ?? 0))).toBeLessThan(1.5)
  })
})

describe('other series on the same time axis', () => {
  const other = (unit: string) => ({ label: `<b>${unit}`, unit, dots: [dot(0, 50, 60), dot(1000, 50, 60)], value: (v: number) => `${v} ${unit}` })
  it('share the value axis of their unit and get their own otherwise', () => {
    const made = option([dot(0, 1, 2)], { ...look, unit: 'm', limits: [], others: [other('m'), other('mm'), other('%')] })
    expect(made.yAxis.map((a) => a.position)).toEqual(['left', 'right', 'right'])
    expect(made.series.slice(3).map((s) => 'yAxisIndex' in s && s.yAxisIndex)).toEqual([0, 1, 2])
    expect(made.yAxis[0]?.max).toBeGreaterThan(60)
  })
  it('are named in the tooltip, as text', () => {
    const made = option([dot(0, 1, 1)], { ...look, label: '水位', unit: 'm', limits: [], others: [other('mm')] })
    const said = made.tooltip.formatter([{ seriesIndex: 0, data: [0, 9] }, { seriesIndex: 2, data: [0, 1] }, { seriesIndex: 3, data: [0, 55] }])
    expect(said).toContain('水位 <b>1</b>')
    expect(said).toContain('&lt;b&gt;mm <b>55 mm</b>')
    expect(said).not.toContain('<b>9')
  })
  it('stand beside shaded stretches and the marks of alarms', () => {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: 400, height: 300 })
    chart.setOption(option([dot(0, 1, 2), dot(1000, 1, 2)], { ...look, limits: [], shades: [{ from: 200, to: 500, bad: true }], marks: [{ at: 600, level: 2, label: '橙' }] }))
    const svg = chart.renderToSVGString()
    chart.dispose()
    expect(svg).toContain('橙')
    expect(svg).toContain('#bb0000')
    expect(svg).toMatch(/fill="#010203"[^>]*fill-opacity="0.22"|fill-opacity="0.22"[^>]*fill="#010203"|opacity="0.22"/)
  })
})
