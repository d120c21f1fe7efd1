// The months and years of the statistics by the law's clock, wherever the browser stands. Pure.
import { chinaDay } from '@/ui/when'

// monthOf is the month of a moment, such as 2026-11.
export function monthOf(now: number): string {
  return chinaDay(now).slice(0, 7)
}

// monthsTo are the last twelve months, the present one first.
export function monthsTo(now: number): string[] {
  const [year = 0, month = 0] = monthOf(now).split('-').map(Number)
  return Array.from({ length: 12 }, (_, n) => new Date(Date.UTC(year, month - 1 - n)).toISOString().slice(0, 7))
}

// yearsTo are the last three years, the present one first.
export function yearsTo(now: number): string[] {
  const year = Number(monthOf(now).slice(0, 4))
  return [0, 1, 2].map((n) => String(year - n))
}

// spanOf is from when until when a month (2026-11) or a year (2026) lasts.
export function spanOf(text: string): { from: string; to: string } {
  const [year = 0, month] = text.split('-').map(Number)
  const first = (y: number, m: number) => new Date(Date.UTC(y, m) - 8 * 3_600_000).toISOString()
  return month ? { from: first(year, month - 1), to: first(year, month) } : { from: first(year, 0), to: first(year + 1, 0) }
}
