// Stored readings from the newest backwards. The centre reads forward in time, so that slices of the span are asked
// for, the last one first; how wide they are follows how densely the series was measured. Pure but for what asks.

export interface Slice {
  from: number
  to: number
}

export interface Asked<T> {
  // items are in order of time; next is '' when the slice holds no more.
  items: T[]
  next: string
}

export interface Newest<T> {
  items: T[]
  // next continues before the last item; '' at the begin of the span.
  next: string
}

// wanted is how many readings a part has at least while the span has them; a slice gets at most what one answer holds.
export const wanted = 200
const firstMs = 600_000
const leastMs = 1000
const faster = 4

// newestOf reads one part. after is the next of the part before, or ''; ask gets a slice (from ≤ t < to) and the mark
// of an answer before, '' at first.
export async function newestOf<T>(span: Slice, after: string, ask: (slice: Slice, after: string) => Promise<Asked<T>>): Promise<Newest<T>> {
  const [end, hint] = after.split('.').map(Number)
  let to = end ?? Number.NaN
  let width = hint ?? Number.NaN
  if (!Number.isFinite(to) || !Number.isFinite(width)) {
    to = span.to
    width = firstMs
  }
  const items: T[] = []
  while (to > span.from && items.length < wanted) {
    const from = Math.max(span.from, to - width)
    let part = await ask({ from, to }, '')
    if (part.next && width > leastMs) {
      width = Math.max(leastMs, Math.floor(width / faster))
      continue
    }
    // A second that holds more than one answer is read to its end.
    const all = [...part.items]
    while (part.next) {
      part = await ask({ from, to }, part.next)
      all.push(...part.items)
    }
    items.push(...all.reverse())
    if (all.length < wanted / faster) width *= faster
    to = from
  }
  return { items, next: to > span.from ? `${to}.${width}` : '' }
}
