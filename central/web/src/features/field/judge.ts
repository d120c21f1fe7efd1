// What an answer to something that was sent means, and which places are worth keeping. Pure.
import type { Spot } from './kept'
import { metres } from '@/map/distance'

// sent: it is there. wait: time heals it. hold: a person has to. refused: this one will never do, the others may.
export type Verdict = 'sent' | 'wait' | 'hold' | 'refused'

export function verdict(status: number, code: string): Verdict {
  if (status >= 200 && status < 300) return 'sent'
  if (status === 0 || status === 408 || status === 429 || status >= 500) return 'wait'
  if (status === 401 || status === 403 || code === 'field.no_incident' || code === 'field.full') return 'hold'
  if (code === 'field.photo_missing') return 'wait'
  return 'refused'
}

const firstMs = 2000
const mostMs = 60_000

// pause is how long to wait after so many failures, spread so that not all phones come back at once.
export function pause(tries: number, random: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(tries, 10)) * (0.75 + random / 2)
}

const farMetres = 20
const soonMs = 5000
const beatMs = 60_000

// worth says whether a place is kept: when the phone has really moved, or to say that it still stands there.
export function worth(last: Pick<Spot, 'at' | 'lon' | 'lat'> | undefined, next: Pick<Spot, 'at' | 'lon' | 'lat' | 'accuracy'>): boolean {
  if (!last || next.at - last.at >= beatMs || next.at < last.at) return true
  return next.at - last.at >= soonMs && metres(last, next) >= Math.max(farMetres, next.accuracy ?? 0)
}

const mostSpots = 12_000

// tooMany are the places that go first when a phone was away for very long: every second one of the older half.
export function tooMany(spots: readonly Spot[]): Spot[] {
  return spots.length <= mostSpots ? [] : spots.slice(0, spots.length / 2).filter((_, i) => i % 2 === 1)
}

export const sentAtOnce = 200
export const partBytes = 60_000

// dated gives places the time of the centre, once for each: a place that is sent again must say the same.
export function dated(spots: readonly Spot[], offset: number): Spot[] {
  return spots.map((s) => (s.fixed === undefined ? { ...s, fixed: s.at - offset } : s))
}
