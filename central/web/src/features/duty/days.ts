// Civil days as text, 2026-11-26, as the centre writes them. No time zone: a day is a day.

function date(day: string): Date {
  return new Date(`${day}T00:00:00Z`)
}

export function addDays(day: string, n: number): string {
  const at = date(day)
  at.setUTCDate(at.getUTCDate() + n)
  return at.toISOString().slice(0, 10)
}

// weekday is 0 for Sunday.
export function weekday(day: string): number {
  return date(day).getUTCDay()
}

// monthSpan is the first day of a month and the first of the next.
export function monthSpan(month: string): { from: string; to: string } {
  return { from: `${month}-01`, to: `${addMonths(month, 1)}-01` }
}

export function addMonths(month: string, n: number): string {
  const at = date(`${month}-01`)
  at.setUTCMonth(at.getUTCMonth() + n)
  return at.toISOString().slice(0, 7)
}

// today is the civil day in a zone.
export function today(zone = 'Asia/Shanghai', now = new Date()): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now)
}

// clockIn is the wall time of an instant in a zone, 08:30.
export function clockIn(iso: string, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(iso))
}
