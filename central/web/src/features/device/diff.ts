// The difference of two texts by lines, for versions of a configuration.

export interface Line {
  kind: 'same' | 'out' | 'in'
  text: string
}

// diff keeps the longest common run of lines; documents have hundreds of lines, not thousands.
export function diff(before: string, after: string): Line[] {
  const a = before.split('\n')
  const b = after.split('\n')
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = common[i]
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const out: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i++] ?? '' })
      j++
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) out.push({ kind: 'out', text: a[i++] ?? '' })
    else out.push({ kind: 'in', text: b[j++] ?? '' })
  }
  return out
}

// folded leaves out what is the same but for some lines around each change.
export function folded(lines: Line[], around = 3): (Line | undefined)[] {
  const keep = lines.map((_, i) => lines.slice(Math.max(0, i - around), i + around + 1).some((l) => l.kind !== 'same'))
  return lines.flatMap((line, i) => (keep[i] ? [line] : keep[i - 1] ? [undefined] : []))
}

// pretty is a document as people read it.
export function pretty(document: unknown): string {
  return JSON.stringify(document, null, 2)
}
