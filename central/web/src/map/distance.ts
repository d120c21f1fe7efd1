// How far it is on the map.
import type { Place } from '@/api/types'

// metres is the distance of two places of one city.
export function metres(a: Place, b: Place): number {
  const rad = Math.PI / 180
  return 6_371_000 * Math.hypot((b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad), (b.lat - a.lat) * rad)
}
