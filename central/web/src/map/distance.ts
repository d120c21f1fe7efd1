// How far it is on the map.
import type { Place } from '@/api/types'

const earth = 6_371_000
export const rad = (degrees: number): number => (degrees * Math.PI) / 180

// metres is the great-circle distance of two places.
export function metres(a: Place, b: Place): number {
  const lat = rad(b.lat - a.lat)
  const lon = rad(b.lon - a.lon)
  const h = Math.sin(lat / 2) ** 2 + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(lon / 2) ** 2
  return 2 * earth * Math.asin(Math.min(1, Math.sqrt(h)))
}
