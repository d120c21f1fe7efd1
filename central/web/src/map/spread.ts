// Signs of those who help are moved aside where they would lie over each other or over signs of devices, which cannot
// move: at a county's zoom a crew stands at the very gauge that gave the alarm. Pure.
import type { Sign } from './layout'

export interface Aside {
  dx: number
  dy: number
}

const air = 2
const rings = [24, 40, 58, 80]
const angles = 12

const clear = (a: Sign, b: Sign): boolean => Math.hypot(a.x - b.x, a.y - b.y) >= a.r + b.r + air

// spread says how far each sign is moved, the most important first: that one stays where it is if it can. One that finds
// no room stays at its place.
export function spread(signs: readonly Sign[], fixed: readonly Sign[]): Map<string, Aside> {
  const found = new Map<string, Aside>()
  const stand = [...fixed]
  for (const sign of signs) {
    const free = ({ dx, dy }: Aside) => stand.every((s) => clear({ ...sign, x: sign.x + dx, y: sign.y + dy }, s))
    const aside = places.find(free) ?? { dx: 0, dy: 0 }
    found.set(sign.key, aside)
    stand.push({ ...sign, x: sign.x + aside.dx, y: sign.y + aside.dy })
  }
  return found
}

// Upward first, then to both sides in turn: words stand beside their signs.
const places: readonly Aside[] = [
  { dx: 0, dy: 0 },
  ...rings.flatMap((d) => Array.from({ length: angles }, (_, i) => {
    const turn = Math.ceil(i / 2) * (i % 2 ? 1 : -1)
    const a = (turn / angles) * 2 * Math.PI - Math.PI / 2
    return { dx: Math.round(Math.cos(a) * d), dy: Math.round(Math.sin(a) * d) }
  })),
]
