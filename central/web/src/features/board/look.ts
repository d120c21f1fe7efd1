// What river and rain look like as charts, and what is read from a course. Pure: colours and words come from outside.
import { format } from 'echarts/core'
import type { ChartColours } from '@/ui/chart'
import type { Dot } from '@/ui/series'

export type Trend = 'up' | 'down' | 'level' | ''

const hourMs = 3_600_000

// trendOf compares the newest value with the one an hour before; '' when there is none so old, or the newest is
// old itself. least is the least change that counts.
export function trendOf(dots: readonly Dot[], now: number, least: number): Trend {
  const filled = dots.filter((d) => Number.isFinite(d.value))
  const last = filled.at(-1)
  if (!last || now - last.at > hourMs) return ''
  const before = filled.filter((d) => d.at <= last.at - hourMs).at(-1)
  if (!before || last.at - before.at > 2 * hourMs) return ''
  const change = last.value - before.value
  if (Math.abs(change) < least) return 'level'
  return change > 0 ? 'up' : 'down'
}

export const arrows: Record<Trend, string> = { up: '↑', down: '↓', level: '→', '': '' }

// peakOf is the highest dot; of several the first.
export function peakOf(dots: readonly Dot[]): Dot | undefined {
  return dots.filter((d) => Number.isFinite(d.max)).reduce<Dot | undefined>((best, d) => (best && best.max >= d.max ? best : d), undefined)
}

// alarmedFirst keeps the order but for what is alarmed, which comes before the rest, the gravest first.
export function alarmedFirst<T extends { alarm: { level: number } | undefined }>(all: readonly T[]): T[] {
  return [...all].sort((a, b) => (a.alarm?.level ?? 9) - (b.alarm?.level ?? 9))
}

export interface Reach {
  name: string
  km: number
  value?: number
  text: string
  // stale values are shown grey and joined to no line.
  stale: boolean
  warning?: number
  guarantee?: number
  // rule is the limit at which today's rules raise an alarm.
  rule?: number
}

export interface RiverWords {
  level: string
  rule: string
  warning: string
  guarantee: string
  km: string
}

// riverOption draws the water along the river, from upstream on the left, with the limits of the stations.
export function riverOption(stations: readonly Reach[], words: RiverWords, colours: ChartColours) {
  const values = stations.flatMap((s) => [s.value, s.warning, s.guarantee, s.rule]).filter((v): v is number => v !== undefined && Number.isFinite(v))
  const low = Math.min(...values)
  const high = Math.max(...values)
  const air = (high - low || 1) * 0.25
  const kms = stations.map((s) => s.km)
  const length = Math.max(...kms, 1) - Math.min(...kms, 0)
  const limit = (of: (s: Reach) => number | undefined, name: string, colour: string, type: string) => ({
    name, type: 'line', step: false, symbol: 'diamond', symbolSize: 7, connectNulls: true, lineStyle: { color: colour, width: 1.5, type }, itemStyle: { color: colour },
    data: stations.filter((s) => of(s) !== undefined).map((s) => [s.km, of(s)]),
  })
  const fresh = stations.filter((s) => s.value !== undefined && !s.stale)
  const stale = stations.filter((s) => s.value !== undefined && s.stale)
  const axis = { axisLine: { lineStyle: { color: colours.grid } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: colours.grid, opacity: 0.5 } } }
  const label = (i: number, s: Reach, grey: boolean) => ({
    value: [s.km, s.value], label: { show: true, position: i % 2 ? 'bottom' : 'top', align: i === 0 ? 'left' : i === stations.length - 1 ? 'right' : 'center', distance: 10, color: grey ? colours.muted : colours.text, fontSize: 12, lineHeight: 16, backgroundColor: colours.panel, borderRadius: 2, padding: [0, 4], formatter: `${s.name}\n${s.text}` },
  })
  return {
    animation: false,
    legend: { top: 2, right: 8, itemWidth: 18, itemHeight: 8, textStyle: { color: colours.muted, fontSize: 11 }, data: [words.level, words.warning, words.guarantee, words.rule] },
    // Names of stations stand below the legend, not over it.
    grid: { left: 8, right: 24, top: 46, bottom: 6, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      trigger: 'item', backgroundColor: colours.panel, borderColor: colours.grid, textStyle: { color: colours.text, fontSize: 12 },
      formatter: (p: { data: { value?: [number, number] } | [number, number] }) => {
        const at = Array.isArray(p.data) ? p.data[0] : p.data.value?.[0]
        const s = stations.find((one) => one.km === at)
        return s ? format.encodeHTML(`${s.name} ${s.text}`) : ''
      },
    },
    xAxis: { type: 'value', min: Math.min(...kms, 0) - length * 0.08, max: Math.max(...kms, 1) + length * 0.08, ...axis, splitLine: { show: false }, axisLabel: { ...axis.axisLabel, formatter: (v: number) => (v < 0 ? '' : `${Math.round(v * 10) / 10} ${words.km}`), showMinLabel: false, showMaxLabel: false } },
    yAxis: { type: 'value', min: values.length ? low - air : 0, max: values.length ? high + air : 1, ...axis, axisLabel: { ...axis.axisLabel, formatter: (v: number) => v.toFixed(2), showMinLabel: false, showMaxLabel: false } },
    series: [
      { name: words.level, type: 'line', z: 5, symbol: 'circle', symbolSize: 9, lineStyle: { color: colours.text, width: 2 }, itemStyle: { color: colours.text }, areaStyle: { color: colours.accent, opacity: 0.18, origin: 'start' }, data: fresh.map((s) => label(stations.indexOf(s), s, false)) },
      { type: 'scatter', z: 5, symbol: 'emptyCircle', symbolSize: 9, itemStyle: { color: colours.muted }, data: stale.map((s) => label(stations.indexOf(s), s, true)) },
      limit((s) => s.warning, words.warning, colours.levels[2], 'dashed'),
      { ...limit((s) => s.rule, words.rule, colours.muted, 'dotted'), symbol: 'triangle' },
      limit((s) => s.guarantee, words.guarantee, colours.levels[0], 'solid'),
    ],
  }
}

export interface RainSeries {
  name: string
  dots: readonly Dot[]
  text: (v: number) => string
}

// rainOption hangs rain from above over the level below, as hydrologists draw it.
export function rainOption(level: RainSeries | undefined, rain: readonly RainSeries[], from: number, to: number, colours: ChartColours) {
  const values = level?.dots.flatMap((d) => [d.min, d.max]).filter(Number.isFinite) ?? []
  const low = values.length ? Math.min(...values) : 0
  const high = values.length ? Math.max(...values) : 1
  const most = Math.max(1, ...rain.flatMap((r) => r.dots.map((d) => d.max)).filter(Number.isFinite))
  const axis = { axisLine: { lineStyle: { color: colours.grid } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true, showMaxLabel: false }, splitLine: { show: false } }
  const named = [...rain, ...(level ? [level] : [])]
  return {
    animation: false,
    legend: { top: 2, right: 8, itemWidth: 18, itemHeight: 8, textStyle: { color: colours.muted, fontSize: 11 } },
    grid: { left: 8, right: 12, top: 26, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      trigger: 'axis', backgroundColor: colours.panel, borderColor: colours.grid, textStyle: { color: colours.text, fontSize: 12 },
      formatter: (items: { seriesIndex: number; data: [number, number] }[]) =>
        items.filter((i) => Number.isFinite(i.data[1])).map((i) => format.encodeHTML(`${named[i.seriesIndex]?.name ?? ''} ${named[i.seriesIndex]?.text(i.data[1]) ?? ''}`)).join('<br>'),
    },
    xAxis: { type: 'time', min: from, max: to, ...axis },
    yAxis: [
      // The level keeps to the lower two thirds, the rain to the upper third.
      { type: 'value', position: 'left', min: low - (high - low || 1) * 0.1, max: high + (high - low || 1) * 0.6, ...axis, axisLabel: { ...axis.axisLabel, formatter: (v: number) => v.toFixed(2), showMinLabel: false }, splitLine: { show: true, lineStyle: { color: colours.grid, opacity: 0.5 } } },
      { type: 'value', position: 'right', inverse: true, min: 0, max: most * 3, ...axis, axisLabel: { ...axis.axisLabel, formatter: (v: number) => (v > most * 1.05 ? '' : String(Math.round(v * 10) / 10)) } },
    ],
    series: [
      ...rain.map((r, i) => ({ name: r.name, type: 'bar', yAxisIndex: 1, barMaxWidth: 14, itemStyle: { color: colours.accent, opacity: 0.85 - i * 0.25 }, data: r.dots.map((d) => [d.at, d.value]) })),
      ...(level ? [{ name: level.name, type: 'line', symbol: 'none', itemStyle: { color: colours.text }, lineStyle: { color: colours.text, width: 1.6 }, data: level.dots.map((d) => [d.at, d.value]) }] : []),
    ],
  }
}

// covers reports whether a division is another or lies in it; zeros at the end of a code stand for all below.
export function covers(division: string, below: string | undefined): boolean {
  if (!below) return false
  const stem = division.length === 6 ? division.replace(/(00){1,2}$/, '') : division.replace(/0{3,6}$/, '')
  return below.startsWith(stem)
}
