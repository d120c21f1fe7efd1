import { describe, expect, it } from 'vitest'
import { distance, layout, overlap, type Box, type Item, type Placed, type Sign, type Size } from './layout'

const field: Box = { x: 0, y: 0, w: 600, h: 400 }
const item = (key: string, x: number, y: number, more: Partial<Item> = {}): Item => ({ key, x, y, r: 12, forms: [{ w: 120, h: 20 }], must: false, ...more })
const box = (i: Item, p: Placed): Box => ({ x: i.x + p.dx, y: i.y + p.dy, ...(i.forms[p.form] as Size) })

// random numbers that are the same every time.
function dice(seed: number): () => number {
  let state = seed
  return () => (state = (state * 16807) % 2147483647) / 2147483647
}

describe('the labels of the map', () => {
  it('stand right of their sign where there is room', () => {
    expect(layout([item('a', 100, 100)], [], field, []).get('a')).toMatchObject({ dx: 16, dy: -10, line: false })
  })
  it('never stand nearer to another sign, nor over it or over each other', () => {
    const roll = dice(7)
    for (let round = 0; round < 40; round++) {
      const items = Array.from({ length: 12 }, (_, i) => item(`${i}`, roll() * 600, roll() * 400, { must: i < 2 }))
      const placed = layout(items, items, field, [])
      const boxes: [Item, Box, Placed][] = items.flatMap((i) => {
        const p = placed.get(i.key)
        return p ? [[i, box(i, p), p] as [Item, Box, Placed]] : []
      })
      for (const [own, b, p] of boxes.filter(([i]) => !i.must)) {
        expect(p.line).toBe(false)
        for (const other of items) if (other !== own) expect(distance(other, b)).toBeGreaterThan(distance(own, b))
        for (const [, c] of boxes) if (c !== b) expect(overlap(b, c)).toBe(0)
      }
    }
  })
  it('are moved on a line when they must be shown, and left out when not', () => {
    const walls: Sign[] = [[-26, 0], [26, 0], [0, -26], [0, 26]].map(([x = 0, y = 0], i) => ({ key: `${i}`, x: 300 + x, y: 200 + y, r: 12 }))
    expect(layout([item('a', 300, 200)], walls, field, []).size).toBe(0)
    const placed = layout([item('a', 300, 200, { must: true })], walls, field, []).get('a') as Placed
    expect(placed.line).toBe(true)
    for (const w of walls) expect(distance(w, box(item('a', 300, 200), placed))).toBeGreaterThan(0)
  })
  it('are not cut by the edge while a line can lead to them', () => {
    const low = { x: 0, y: 0, w: 600, h: 170 }
    const wide = { must: true, forms: [{ w: 380, h: 160 }] }
    const placed = layout([item('a', 100, 20, wide)], [], low, []).get('a') as Placed
    const { x, y, w, h } = box(item('a', 100, 20, wide), placed)
    expect([x >= 0, y >= 0, x + w <= 600, y + h <= 170, placed.line]).toEqual([true, true, true, true, true])
  })
  it('are not cut at the side of a small map while there is room above or below, and show where a name begins', () => {
    const small = { x: 0, y: 0, w: 270, h: 180 }
    for (const sx of [20, 135, 250]) {
      const long = item('a', sx, 90, { must: true, forms: [{ w: 240, h: 24 }] })
      const { x, w } = box(long, layout([long], [long], small, []).get('a') as Placed)
      expect([x >= 0, x + w <= 270]).toEqual([true, true])
    }
    const longer = item('a', 135, 90, { must: true, forms: [{ w: 300, h: 24 }] })
    expect(box(longer, layout([longer], [longer], small, []).get('a') as Placed).x).toBe(0)
  })
  it('are short where the full one has no room', () => {
    const forms = [{ w: 500, h: 20 }, { w: 60, h: 20 }]
    expect(layout([item('a', 300, 200, { forms })], [], field, []).get('a')?.form).toBe(0)
    expect(layout([item('a', 300, 200, { forms })], [], { x: 250, y: 150, w: 150, h: 100 }, []).get('a')?.form).toBe(1)
  })
  it('are shown even where all is taken, if they must', () => {
    expect(layout([item('a', 300, 200, { must: true })], [], field, [field]).has('a')).toBe(true)
  })
  it('stay where they were while that is good', () => {
    const before = layout([item('a', 590, 200)], [], field, [])
    expect(before.get('a')?.dx).toBeLessThan(0)
    expect(layout([item('a', 300, 200)], [], field, [], before).get('a')?.at).toBe(before.get('a')?.at)
  })
})
