// Made-up things for the gallery, always the same.
import type { Alarm } from '@/api/types'
import type { Dot } from '@/ui/series'

const start = Date.UTC(2026, 0, 1)

export interface DemoRow {
  name: string
  count: number
}

export const demoRows: DemoRow[] = Array.from({ length: 12 }, (_, i) => ({ name: `edge-${i + 1}`, count: (i * 7) % 5 }))

export const dots: Dot[] = Array.from({ length: 96 }, (_, i) => {
  const mean = 4 + 1.4 * Math.sin(i / 8)
  return { at: start + i * 900_000, value: mean, min: mean - 0.1, max: mean + 0.1 }
})

export const alarm: Alarm = {
  id: 'sample', rule: 'sample', rule_name: '超警戒水位', rule_name_en: 'above the warning level', source: '', device: 'sample', device_name: '示例潮位站',
  property: 'water_level', unit: 'm', division: '', level: 3, state: 'open', value: 5.21, peak: 5.32, openings: 1, limit: 5.2, origin: 'centre', retrospective: false, demo: true,
  opened_at: new Date(start).toISOString(), received_at: new Date(start).toISOString(), updated_at: new Date(start).toISOString(),
}
