// What a line chart of one series looks like. Pure: colours and words come from outside.
import { format } from 'echarts/core'
import type { Dot } from './series'
import type { Level } from '@/api/types'
import { full } from '@/i18n/time'

export interface ChartColours {
  text: string
  muted: string
  accent: string
  grid: string
  panel: string
  levels: readonly [string, string, string, string]
}

export interface ChartLimit {
  value: number
  level: Level
  label: string
}

// ChartSpan is a stretch of time to be marked, in milliseconds.
export interface ChartSpan {
  from: number
  to: number
}

// ChartShade is a stretch of time with readings that are doubtful, or bad, or lost.
export interface ChartShade extends ChartSpan {
  bad: boolean
  lost?: boolean
}

// ChartMark is a moment that stands out, such as the begin of an alarm.
export interface ChartMark {
  at: number
  level: Level
  label: string
}

// ChartLine is another series on the same time axis; one of another unit gets a value axis of its own.
export interface ChartLine {
  label: string
  unit: string
  dots: readonly Dot[]
  value: (v: number) => string
}

export interface ChartLook {
  // label and unit of the series itself matter only beside others.
  label?: string
  unit?: string
  others?: readonly ChartLine[]
  // spans are marked in the colour of the first limit, shades in grey.
  spans?: readonly ChartSpan[]
  shades?: readonly ChartShade[]
  marks?: readonly ChartMark[]
  limits: readonly ChartLimit[]
  // from and to are the ends of the time axis; without them the dots decide.
  from?: number
  to?: number
  value: (v: number) => string
  axis: (v: number) => string
  // step is the least distance of two marks of the value axis that can be told apart.
  step?: number
  colours: ChartColours
}

// bands is how many series of the chart stand before the line itself.
const bands = 2

// rangeOf holds every value and every limit with some air; without any it is 0…1.
export function rangeOf(dots: readonly Dot[], limits: readonly ChartLimit[]): { min: number; max: number } {
  const values = [...dots.flatMap((d) => [d.min, d.max]), ...limits.map((l) => l.value)].filter(Number.isFinite)
  if (!values.length) return { min: 0, max: 1 }
  const low = Math.min(...values)
  const high = Math.max(...values)
  const air = (high - low || Math.abs(high) || 1) * 0.12
  return { min: low - air, max: high + air }
}

// strokes tell the lines beside the first apart: by dash as well, because colour is kept for levels.
export const strokes = ['solid', 'dashed', 'dotted', [8, 3, 2, 3], [12, 4]] as const

// Further value axes stand beside each other, this many pixels apart.
const axisWidth = 52

// option is the ECharts option: the mean as a line, minimum to maximum as a band, limits as dashed lines
// and alarms as upright ones in the colour of their level, doubtful stretches shaded, others as thin lines.
export function option(dots: readonly Dot[], look: ChartLook) {
  const { limits, from, to, value, axis, step, colours, label = '', unit = '', others = [], spans = [], shades = [], marks = [] } = look
  const units = [...new Set([unit, ...others.map((o) => o.unit)])]
  const named = [{ label, value }, ...others]
  const dotsOf = (u: string) => [...(u === unit ? dots : []), ...others.filter((o) => o.unit === u).flatMap((o) => o.dots)]
  const lines = { axisLine: { lineStyle: { color: colours.grid } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: colours.grid, opacity: 0.6 } } }
  // The band is the minimum and, on top of it, the span; 'all' stacks across zero, which a tide crosses.
  const band = { type: 'line', stack: 'band', stackStrategy: 'all', silent: true, symbol: 'none', lineStyle: { opacity: 0 }, tooltip: { show: false } }
  return {
    animation: false,
    grid: { left: 8, right: 12, top: marks.length ? 24 : 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      trigger: 'axis',
      backgroundColor: colours.panel,
      borderColor: colours.grid,
      textStyle: { color: colours.text, fontSize: 12 },
      formatter: (items: { data: [number, number]; seriesIndex: number }[]) => {
        const said = items.filter((i) => i.seriesIndex >= bands && Number.isFinite(i.data[1]))
        if (!said[0]) return ''
        const rows = said.map((i) => {
          const of = named[i.seriesIndex - bands]
          const name = others.length && of ? `${format.encodeHTML(of.label)} ` : ''
          return `<br>${name}<b>${format.encodeHTML((of?.value ?? value)(i.data[1]))}</b>`
        })
        return full(new Date(said[0].data[0])) + rows.join('')
      },
    },
    xAxis: { type: 'time', min: from, max: to, ...lines, splitLine: { show: false } },
    yAxis: units.map((u, i) => ({
      type: 'value',
      position: i ? 'right' : 'left',
      offset: Math.max(0, i - 1) * axisWidth,
      minInterval: i ? undefined : step,
      ...rangeOf(dotsOf(u), i ? [] : limits),
      ...lines,
      splitLine: { ...lines.splitLine, show: i === 0 },
      axisLabel: { ...lines.axisLabel, formatter: i ? others.find((o) => o.unit === u)?.value : axis, showMinLabel: false, showMaxLabel: false },
    })),
    series: [
      { ...band, data: dots.map((d) => [d.at, d.min]) },
      { ...band, areaStyle: { color: colours.text, opacity: 0.16 }, data: dots.map((d) => [d.at, d.max - d.min]) },
      {
        type: 'line',
        symbol: dots.length === 1 ? 'circle' : 'none',
        itemStyle: { color: colours.text },
        lineStyle: { color: colours.text, width: 1.6 },
        data: dots.map((d) => [d.at, d.value]),
        markLine: {
          silent: true,
          symbol: 'none',
          data: [
            ...limits.map((l, i) => ({
              yAxis: l.value,
              lineStyle: { color: colours.levels[l.level - 1], width: 1.5, type: 'dashed' },
              label: { position: i % 2 ? 'insideEndTop' : 'insideStartTop', color: colours.text, fontSize: 11, formatter: l.label },
            })),
            ...marks.map((m) => ({
              xAxis: m.at,
              lineStyle: { color: colours.levels[m.level - 1], width: 1.5, type: 'solid' },
              label: { show: m.label !== '', position: 'end', distance: 2, color: colours.text, fontSize: 11, formatter: m.label },
            })),
          ],
        },
        markArea: {
          silent: true,
          data: [
            ...spans.map((s) => [{ xAxis: s.from, itemStyle: { color: colours.levels[(limits[0]?.level ?? 3) - 1], opacity: 0.28 } }, { xAxis: s.to }]),
            ...shades.map((s) => [{ xAxis: s.from, itemStyle: s.lost ? { color: 'transparent', borderColor: colours.muted, borderWidth: 1, borderType: 'dashed' } : { color: colours.text, opacity: s.bad ? 0.22 : 0.09 } }, { xAxis: s.to }]),
          ],
        },
      },
      ...others.map((o, i) => ({
        type: 'line',
        yAxisIndex: units.indexOf(o.unit),
        symbol: o.dots.length === 1 ? 'circle' : 'none',
        itemStyle: { color: colours.accent },
        lineStyle: { color: colours.accent, width: 1.4, type: strokes[i % strokes.length] },
        data: o.dots.map((d) => [d.at, d.value]),
      })),
    ],
  }
}
