// When each picture of a film is shown, read from its parts (ISO/IEC 14496-12 §8.8): a browser tells only of the one that it
// shows. Pure.

interface Box {
  kind: string
  from: number
  to: number
}

// picturesOf are the milliseconds from the beginning of a film at which its pictures begin, in turn. Of one that is broken
// they are those before the fault.
export function picturesOf(film: ArrayBuffer): number[] {
  const v = new DataView(film)
  const out: number[] = []
  let scale = 0
  try {
    for (const box of within(v, { kind: '', from: 0, to: v.byteLength })) {
      if (box.kind === 'moov') scale = scaleOf(v, box)
      else if (box.kind === 'moof' && scale) for (const track of within(v, box)) if (track.kind === 'traf') out.push(...ofTrack(v, track).map((ticks) => (ticks * 1000) / scale))
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error // a number beyond its end
  }
  return out.sort((a, b) => a - b)
}

function* within(v: DataView, outer: Box): Generator<Box> {
  for (let at = outer.from; at + 8 <= outer.to;) {
    const size = v.getUint32(at)
    if (size < 8 || at + size > outer.to) return
    yield { kind: String.fromCharCode(...[4, 5, 6, 7].map((i) => v.getUint8(at + i))), from: at + 8, to: at + size }
    at += size
  }
}

// scaleOf is how many ticks a second has, by the header of the first track.
function scaleOf(v: DataView, moov: Box): number {
  let box: Box | undefined = moov
  for (const kind of ['trak', 'mdia', 'mdhd']) box = box && [...within(v, box)].find((one) => one.kind === kind)
  return box ? v.getUint32(box.from + (v.getUint8(box.from) ? 20 : 12)) : 0
}

function ofTrack(v: DataView, traf: Box): number[] {
  const out: number[] = []
  let usual = 0
  let ticks = 0
  for (const box of within(v, traf)) {
    const flags = v.getUint32(box.from) & 0xffffff
    if (box.kind === 'tfhd' && flags & 0x8) usual = v.getUint32(box.from + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0))
    else if (box.kind === 'tfdt') ticks = v.getUint8(box.from) ? Number(v.getBigUint64(box.from + 4)) : v.getUint32(box.from + 4)
    else if (box.kind === 'trun') {
      const each = [0x100, 0x200, 0x400, 0x800].filter((bit) => flags & bit)
      let at = box.from + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0)
      const n = Math.min(v.getUint32(box.from + 4), each.length ? Math.floor((box.to - at) / (4 * each.length)) : 0)
      for (let i = 0; i < n; i++, at += 4 * each.length) {
        out.push(ticks + (flags & 0x800 ? v.getInt32(at + 4 * each.indexOf(0x800)) : 0))
        ticks += flags & 0x100 ? v.getUint32(at) : usual
      }
    }
  }
  return out
}

// Two pictures further apart are not of one film without a break.
const apart = 2000

// pictureBeside is a moment within the picture after (by 1) or before (by -1) the one of a moment; undefined where there is
// none. The list is by time.
export function pictureBeside(list: readonly number[], at: number, by: 1 | -1): number | undefined {
  const begins = [...new Set(list.map(Math.ceil))]
  const shown = begins.findLastIndex((from) => from <= at)
  const [here, beside] = [begins[shown], begins[shown + by]]
  // A browser may round the very beginning down to the picture before.
  return here === undefined || beside === undefined || at - here > apart || Math.abs(beside - here) > apart ? undefined : beside + 1
}
