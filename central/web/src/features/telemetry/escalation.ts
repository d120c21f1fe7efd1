// Times of the escalation policy as a person writes them: minutes, one after the other. Pure.

// minutesOf writes seconds as minutes: 180, 90 → "3, 1.5".
export function minutesOf(seconds: readonly number[]): string {
  return seconds.map((s) => String(Math.round((s / 60) * 100) / 100)).join(', ')
}

// secondsOf reads them back; what cannot be read makes the whole list empty. With check it says whether the
// text can be read, an empty one as well.
export function secondsOf(text: string): number[]
export function secondsOf(text: string, check: true): boolean
export function secondsOf(text: string, check?: true): number[] | boolean {
  const parts = text.split(/[,，、\s]+/).filter(Boolean)
  const seconds = parts.map((p) => Math.round(Number(p) * 60))
  const fine = seconds.every((s) => Number.isFinite(s) && s >= 1 && s <= 86_400) && seconds.length <= 8
  if (check) return fine
  return fine ? seconds : []
}
