// What a line chart of one series looks like. Pure: colours come from outside.
import type { Bucket } from '@/api/types'

export interface ChartColours {
  line: string
  text: string
  grid: string
  limit: string
}

export interface ChartLimit {
  value: number
  label: string
}

// option is the ECharts option: the mean as line, minimum to maximum as band, limits as dashed lines.
export function option(buckets: readonly Bucket[], unit: string, limits: readonly ChartLimit[], colours: ChartColours, small: boolean) {
  const at = (b: Bucket) => Date.parse(b.at)
  const axis = { axisLine: { lineStyle: { color: colours.grid } }, axisLabel: { color: colours.text, fontSize: 11, hideOverlap: true }, splitLine: { lineStyle: { color: colours.grid, opacity: 0.6 } } }
  return {
    animation: false,
    grid: small ? { left: 2, right: 2, top: 2, bottom: 2 } : { left: 48, right: 16, top: 16, bottom: 24 },
    tooltip: { show: !small, trigger: 'axis', valueFormatter: (v: unknown) => (typeof v === 'number' ? `${Number(v.toFixed(3))} ${unit}` : '–') },
    xAxis: { type: 'time', show: !small, ...axis, splitLine: { show: false } },
    yAxis: { type: 'value', show: !small, scale: true, ...axis },
    series: [
      { type: 'line', name: 'min', data: buckets.map((b) => [at(b), b.min]), symbol: 'none', stack: small ? undefined : 'band', lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } },
      { type: 'line', name: 'span', data: buckets.map((b) => [at(b), b.max - b.min]), symbol: 'none', stack: small ? undefined : 'band', lineStyle: { opacity: 0 }, areaStyle: { color: colours.line, opacity: small ? 0 : 0.18 }, silent: true, tooltip: { show: false } },
      {
        type: 'line',
        name: unit,
        data: buckets.map((b) => [at(b), b.mean]),
        symbol: buckets.length === 1 ? 'circle' : 'none',
        color: colours.line,
        lineStyle: { color: colours.line, width: 1.5 },
        markLine: limits.length && !small ? { symbol: 'none', silent: true, lineStyle: { color: colours.limit, type: 'dashed' }, label: { color: colours.limit, fontSize: 11, formatter: (p: { dataIndex: number }) => limits[p.dataIndex]?.label ?? '' }, data: limits.map((l, i) => ({ yAxis: l.value, label: { position: i % 2 ? 'insideEndTop' : 'insideStartTop' } })) } : undefined,
      },
    ].filter((_, i) => !small || i === 2),
  }
}
