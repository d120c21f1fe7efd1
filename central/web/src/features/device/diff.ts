// The difference of two configurations of a terminal, field by field.

export interface Difference {
  // path names the field: keys, and in brackets which member of a list.
  path: string[]
  // what it says, as JSON; undefined where the document leaves it out.
  from: string | undefined
  to: string | undefined
}

type Fields = Map<string, { path: string[]; text: string }>

// member names one of a list: by its id or port, else by its place.
function member(value: unknown, i: number): string {
  const named = (value ?? {}) as { id?: unknown; port?: unknown }
  const name = named.id ?? named.port
  return `[${typeof name === 'string' && name ? name : i + 1}]`
}

function flatten(value: unknown, path: string[], out: Fields): Fields {
  const parts: [string, unknown][] = Array.isArray(value) ? value.map((v, i) => [member(v, i), v]) : typeof value === 'object' && value !== null ? Object.entries(value) : []
  if (parts.length) for (const [name, part] of parts) flatten(part, [...path, name], out)
  else if (path.length) {
    const key = JSON.stringify(path)
    // Of two members with one name the second must not hide behind the first.
    out.set(out.has(key) ? `${key} ${out.size}` : key, { path, text: JSON.stringify(value) })
  }
  return out
}

// differences are the fields that are not the same, in the order of the document that comes, then what it leaves out.
export function differences(before: unknown, after: unknown): Difference[] {
  const from = flatten(before, [], new Map())
  const to = flatten(after, [], new Map())
  const keys = [...to.keys(), ...[...from.keys()].filter((k) => !to.has(k))]
  return keys.flatMap((k) => {
    const [a, b] = [from.get(k), to.get(k)]
    return a?.text === b?.text ? [] : [{ path: (b ?? a)?.path ?? [], from: a?.text, to: b?.text }]
  })
}

// pretty is a document as people read it.
export function pretty(document: unknown): string {
  return JSON.stringify(document, null, 2)
}
