// Where the words of each sign stand. A label is nearer to its own sign than to any other, covers neither
// sign nor label, and where it cannot be, a line leads to it or it is left out. Pure.

export interface Box {
  x: number
  y: number
  w: number
  h: number
}

export interface Sign {
  key: string
  x: number
  y: number
  // r is the sign's radius in pixels.
  r: number
}

export interface Size {
  w: number
  h: number
}

export interface Item extends Sign {
  // forms from full to short; the first that finds room is taken.
  forms: readonly Size[]
  // must: shown whatever is in its way.
  must: boolean
}

export interface Placed {
  form: number
  // at is which of the positions was taken, so that a label stays where it was.
  at: number
  // dx, dy from the place to the label's upper left corner.
  dx: number
  dy: number
  // line: the label stands away from its sign and a line leads to it.
  line: boolean
}

const gap = 4
const clearer = 6
const far = [28, 56, 90, 130, 180]
const angles = 12

interface Position {
  dx: number
  dy: number
  line: boolean
}

function positions(r: number, { w, h }: Size, must: boolean): Position[] {
  const side = r + gap
  const corner = r * 0.7 + gap
  const near: [number, number][] = [
    [side, -h / 2], [-side - w, -h / 2], [-w / 2, side], [-w / 2, -side - h],
    [corner, corner], [corner, -corner - h], [-corner - w, corner], [-corner - w, -corner - h],
  ]
  const found = near.map(([dx, dy]) => ({ dx, dy, line: false }))
  if (!must) return found
  for (const d of far) {
    for (let i = 0; i < angles; i++) {
      const a = (i / angles) * 2 * Math.PI
      found.push({ dx: Math.cos(a) * (r + d + w / 2) - w / 2, dy: Math.sin(a) * (r + d + h / 2) - h / 2, line: true })
    }
  }
  return found
}

// held moves a label into the field where it would be cut: one on a line wherever it must, since half a name is worse
// than a longer line, one above or below its sign to the side. Of a name that is wider than the field the beginning
// stays in sight.
function held(sign: Sign, { w, h }: Size, position: Position, field: Box): Position {
  if (!position.line && position.dy < sign.r && position.dy + h > -sign.r) return position
  const x = Math.max(Math.min(sign.x + position.dx, field.x + field.w - w), field.x)
  const y = position.line && h <= field.h ? Math.min(Math.max(sign.y + position.dy, field.y), field.y + field.h - h) : sign.y + position.dy
  return { dx: x - sign.x, dy: y - sign.y, line: position.line }
}

export function overlap(a: Box, b: Box): number {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x)
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y)
  return w > 0 && h > 0 ? w * h : 0
}

// distance from the rim of a sign to a box; negative when the box reaches over the sign.
export function distance(sign: Sign, box: Box): number {
  const x = Math.max(box.x - sign.x, 0, sign.x - box.x - box.w)
  const y = Math.max(box.y - sign.y, 0, sign.y - box.y - box.h)
  return Math.hypot(x, y) - sign.r
}

function inside(box: Box, field: Box): boolean {
  return box.x >= field.x && box.y >= field.y && box.x + box.w <= field.x + field.w && box.y + box.h <= field.y + field.h
}

// layout places the labels of items, the most important first. signs are all that stand on the map, field
// is where a label may be, taken what covers the map already, and before where the labels were.
export function layout(items: readonly Item[], signs: readonly Sign[], field: Box, taken: readonly Box[], before: ReadonlyMap<string, Placed> = new Map()): Map<string, Placed> {
  const found = new Map<string, Placed>()
  const boxes = [...taken]
  for (const item of items) {
    const placed = placeOne(item, signs, field, boxes, before.get(item.key))
    if (!placed) continue
    found.set(item.key, placed)
    boxes.push(boxOf(item, item.forms[placed.form] as Size, placed))
  }
  return found
}

function boxOf(sign: Sign, size: Size, at: { dx: number; dy: number }): Box {
  return { x: sign.x + at.dx, y: sign.y + at.dy, ...size }
}

function placeOne(item: Item, signs: readonly Sign[], field: Box, boxes: readonly Box[], old?: Placed): Placed | undefined {
  const others = signs.filter((s) => s.key !== item.key)
  let least: { cost: number; placed: Placed } | undefined
  for (const [form, size] of item.forms.entries()) {
    const all = positions(item.r, size, item.must)
    const order = [...all.keys()]
    if (old?.form === form && old.at < order.length) order.unshift(old.at)
    for (const at of order) {
      const position = item.must ? held(item, size, all[at] as Position, field) : (all[at] as Position)
      const box = boxOf(item, size, position)
      const placed = { form, at, ...position }
      const cost = costOf(item, box, position.line, others, field, boxes)
      if (cost === 0) return placed
      if (item.must && (!least || cost < least.cost)) least = { cost, placed }
    }
  }
  return least?.placed
}

// costOf is 0 for a good position, else by how much it is bad.
function costOf(item: Item, box: Box, line: boolean, others: readonly Sign[], field: Box, boxes: readonly Box[]): number {
  const covered = boxes.reduce((sum, b) => sum + overlap(b, box), 0)
  const own = distance(item, box)
  // A label on a line is told by its line, one without by being nearest.
  const enough = line ? gap : own + clearer
  const wrong = others.filter((s) => distance(s, box) < enough).length
  const onItself = own < 0 ? 400 : 0
  return covered + wrong * 400 + onItself + (inside(box, field) ? 0 : box.w * box.h - overlap(box, field))
}
