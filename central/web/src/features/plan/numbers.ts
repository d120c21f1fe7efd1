// The numbers of chapters and new ids, as the centre counts them too.
export function numbersOf(chapters: readonly { depth: number }[]): string[] {
  const at = [0, 0, 0, 0]
  return chapters.map((c) => {
    const d = Math.min(Math.max(c.depth, 1), 4)
    at[d - 1] = (at[d - 1] ?? 0) + 1
    at.fill(0, d)
    return at.slice(0, d).join('.')
  })
}

export const newPart = (): string => crypto.getRandomValues(new Uint32Array(2)).join('-')

// moved puts one thing before or behind another place.
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  if (from === to || from < 0 || to < 0 || from >= list.length || to >= list.length) return [...list]
  const out = [...list]
  out.splice(to, 0, ...out.splice(from, 1))
  return out
}
