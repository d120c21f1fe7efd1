// How time is said. Pure: every function takes the moment that counts as now.

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

export interface Wording {
  key: string
  n: number
  m: number
}

function pad(n: number): string {
  return String(n).padStart(2, '0')
}

// elapsed is a running clock: 1:12, 2:03:44; from a day on, whole days and hours are said by inDays.
export function elapsed(ms: number): string {
  const total = Math.max(0, Math.floor(ms / second))
  const h = Math.floor(total / 3600)
  const m = Math.floor((total % 3600) / 60)
  const s = total % 60
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`
}

// longer tells durations of a day and more, which no running clock should show.
export function longer(ms: number): Wording | undefined {
  if (ms < day) return undefined
  return { key: 'time.days_hours', n: Math.floor(ms / day), m: Math.floor((ms % day) / hour) }
}

// ago says how long ago something was, in one unit.
export function ago(ms: number): Wording {
  if (ms < 5 * second) return { key: 'time.just_now', n: 0, m: 0 }
  if (ms < minute) return { key: 'time.seconds_ago', n: Math.floor(ms / second), m: 0 }
  if (ms < hour) return { key: 'time.minutes_ago', n: Math.floor(ms / minute), m: 0 }
  if (ms < day) return { key: 'time.hours_ago', n: Math.floor(ms / hour), m: 0 }
  return { key: 'time.days_ago', n: Math.floor(ms / day), m: 0 }
}

// until says how long is left; undefined when it is over.
export function until(ms: number): Wording | undefined {
  if (ms <= 0) return undefined
  if (ms < hour) return { key: 'time.minutes_left', n: Math.ceil(ms / minute), m: 0 }
  if (ms < 2 * day) return { key: 'time.hours_left', n: Math.floor(ms / hour), m: Math.floor((ms % hour) / minute) }
  return { key: 'time.days_left', n: Math.floor(ms / day), m: 0 }
}

// clock is 02:47:16 on the wall of this computer's time zone.
export function clock(at: Date, seconds = true): string {
  const text = `${pad(at.getHours())}:${pad(at.getMinutes())}`
  return seconds ? `${text}:${pad(at.getSeconds())}` : text
}

// moment is the date and time, without the date when it is today.
export function moment(at: Date, now: Date, seconds = true): string {
  if (at.toDateString() === now.toDateString()) return clock(at, seconds)
  const monthDay = `${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(at, false)}`
  return at.getFullYear() === now.getFullYear() ? monthDay : `${at.getFullYear()}-${monthDay}`
}

// full is the exact time for tooltips and exports: 2026-11-24 02:47:16.
export function full(at: Date): string {
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(at)}`
}
