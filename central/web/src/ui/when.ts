// Times as people type them at a desk: 0805, 8:05, 11-26 08:05. Pure.

// Said is a time as it was read. doubt tells a day that nobody said and that is not the obvious one (past), or a time
// that still lies ahead (future): then a person says whether it is meant.
export interface Said {
  at: Date
  doubt: '' | 'past' | 'future'
}

const minute = 60_000
const hour = 60 * minute
const ahead = 2 * minute

// timeIn reads a time that was: of the day that is said, of today, or of yesterday where today's still lies ahead.
// Within twelve hours yesterday's is last night's and meant; beyond, 23:30 typed at 23:07 may as well be a slip.
// undefined for what is no time.
export function timeIn(text: string, now: number): Said | undefined {
  const read = wall(text)
  if (!read) return undefined
  const { year, month, day, hours, minutes } = read
  const at = new Date(now)
  at.setHours(hours, minutes, 0, 0)
  if (day) {
    at.setFullYear(year ?? at.getFullYear(), month - 1, day)
    if (at.getMonth() !== month - 1) return undefined
    if (at.getTime() <= now + ahead) return { at, doubt: '' }
    const before = new Date(at)
    before.setFullYear(at.getFullYear() - 1)
    // Around New Year 12-31 is the one that was.
    return year === undefined && now - before.getTime() < 31 * 24 * hour ? { at: before, doubt: '' } : { at, doubt: 'future' }
  }
  if (at.getTime() <= now + ahead) return { at, doubt: '' }
  at.setDate(at.getDate() - 1)
  return { at, doubt: now - at.getTime() <= 12 * hour ? '' : 'past' }
}

// nextAt reads a time that comes: of the day that is said, of today, or of tomorrow where today's is over. undefined for
// what is no time, and for a day that is over; around New Year 01-02 is the one that comes.
export function nextAt(text: string, now: number): Date | undefined {
  const read = wall(text)
  if (!read) return undefined
  const at = new Date(now)
  at.setHours(read.hours, read.minutes, 0, 0)
  if (read.day) {
    at.setFullYear(read.year ?? at.getFullYear(), read.month - 1, read.day)
    if (at.getMonth() !== read.month - 1) return undefined
    if (at.getTime() > now) return at
    at.setFullYear(at.getFullYear() + 1)
    return read.year === undefined && at.getTime() - now < 31 * 24 * hour ? at : undefined
  }
  if (at.getTime() <= now) at.setDate(at.getDate() + 1)
  return at
}

// chinaDay is the day of a moment by the law's clock, wherever the desk stands.
export function chinaDay(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 10)
}

function wall(text: string): { year?: number; month: number; day: number; hours: number; minutes: number } | undefined {
  const parts = /^(?:(?:(\d{4})-)?(\d{1,2})-(\d{1,2})[ T])?(\d{1,2})[:：]?(\d{2})$/.exec(text.trim())
  if (!parts) return undefined
  const [, year, month, day, hours, minutes] = parts
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  return { ...(year && { year: Number(year) }), month: Number(month ?? 0), day: Number(day ?? 0), hours: Number(hours), minutes: Number(minutes) }
}
