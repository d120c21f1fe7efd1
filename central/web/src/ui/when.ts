// Times as people type them at a desk: 0805, 8:05, 11-26 08:05. Pure.

// timeIn reads a time before or at now: the day is today's, or yesterday's where today's still lies ahead. undefined
// for what is no time.
export function timeIn(text: string, now: number): Date | undefined {
  const said = text.trim()
  if (!said) return undefined
  const parts = /^(?:(?:(\d{4})-)?(\d{1,2})-(\d{1,2})[ T])?(\d{1,2}):?(\d{2})$/.exec(said)
  if (!parts) return undefined
  const [, year, month, day, hour = '', minute = ''] = parts
  if (Number(hour) > 23 || Number(minute) > 59) return undefined
  const at = new Date(now)
  at.setHours(Number(hour), Number(minute), 0, 0)
  if (month && day) {
    at.setFullYear(year ? Number(year) : at.getFullYear(), Number(month) - 1, Number(day))
    if (at.getMonth() !== Number(month) - 1) return undefined
  } else if (at.getTime() > now + 2 * 60_000) at.setDate(at.getDate() - 1)
  return at
}

// chinaDay is the day of a moment by the law's clock, wherever the desk stands.
export function chinaDay(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 10)
}
