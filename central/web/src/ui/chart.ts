// What a line chart of one series looks like. Pure: colours and words come from outside.
import type { Dot } from './series'
import type { Level } from '@/api/types'
import { full } from '@/i18n/time'

export interface ChartColours {
  text: string
  muted: string
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

export interface ChartLook {
  spans?: readonly ChartSpan[]
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

// rangeOf holds every value and every limit with some air; without any it is 0…1.
export function rangeOf(dots: readonly Dot[], limits: readonly ChartLimit[]): { min: number; max: number } {
  const values = [...dots.flatMap((d) => [d.min, d.max]), ...limits.map((l) => l.value)].filter(Number.isFinite)
  if (!values.length) return { min: 0, max: 1 }
  const low = Math.min(...values)
  const high = Math.max(...values)
  const air = (high - low || Math.abs(high) || 1) * 0.12
  return { min: low - air, max: high + air }
}

// option is the ECharts option: the mean as a line, minimum to maximum as a band, limits as dashed lines
// in the colour of their level.
export function option(dots: readonly Dot[], { limits, spans = [], from, to, value, axis, step, colours }: ChartLook) {
  const lines = { axisLine: { lineStyle: { color: colours.grid } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: colours.grid, opacity: 0.6 } } }
  // The band is the minimum and, on top of it, the span; 'all' stacks across zero, which a tide crosses.
  const band = { type: 'line', stack: 'band', stackStrategy: 'all', silent: true, symbol: 'none', lineStyle: { opacity: 0 }, tooltip: { show: false } }
  return {
    animation: false,
    grid: { left: 8, right: 12, top: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      trigger: 'axis',
      backgroundColor: colours.panel,
      borderColor: colours.grid,
      textStyle: { color: colours.text, fontSize: 12 },
      formatter: (items: { data: [number, number] }[]) => {
        const data = items.at(-1)?.data
        return data ? `${full(new Date(data[0]))}<br><b>${value(data[1])}</b>` : ''
      },
    },
    xAxis: { type: 'time', min: from, max: to, ...lines, splitLine: { show: false } },
    yAxis: { type: 'value', minInterval: step, ...rangeOf(dots, limits), ...lines, axisLabel: { ...lines.axisLabel, formatter: axis, showMinLabel: false, showMaxLabel: false } },
    series: [
      { ...band, data: dots.map((d) => [d.at, d.min]) },
      { ...band, areaStyle: { color: colours.text, opacity: 0.16 }, data: dots.map((d) => [d.at, d.max - d.min]) },
      {
        type: 'line',
        symbol: dots.length === 1 ? 'circle' : 'none',
        itemStyle: { color: colours.text },
        lineStyle: { color: colours.text, width: 1.6 },
        data: dots.map((d) => [d.at, d.value]),
        markArea: { silent: true, itemStyle: { color: colours.levels[(limits[0]?.level ?? 3) - 1], opacity: 0.28 }, data: spans.map((span) => [{ xAxis: span.from }, { xAxis: span.to }]) },
        markLine: {
          silent: true,
          symbol: 'none',
          data: limits.map((l, i) => ({
            yAxis: l.value,
            lineStyle: { color: colours.levels[l.level - 1], width: 1.5, type: 'dashed' },
            label: { position: i % 2 ? 'insideEndTop' : 'insideStartTop', color: colours.text, fontSize: 11, formatter: l.label },
          })),
        },
      },
    ],
  }
}
