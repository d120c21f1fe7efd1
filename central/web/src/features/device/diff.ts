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

function rulesOf(document: unknown): { id?: string; name?: string }[] | undefined {
  const rules = (document as { rules?: unknown } | null | undefined)?.rules
  return Array.isArray(rules) && rules.length ? (rules as { id?: string; name?: string }[]) : undefined
}

// differences are the fields that are not the same, in the order of the document that comes, then what it leaves out.
export function differences(before: unknown, after: unknown): Difference[] {
  const own = rulesOf(before)
  const given = rulesOf(after)
  // Whose rules were those of its own folder is given the whole set: that it is given one is what is new.
  if (!own && given) return [...differences(before, { ...(after as object), rules: undefined }), { path: ['rules'], from: undefined, to: JSON.stringify(given.map((r, i) => r.name ?? r.id ?? String(i + 1)).join('、')) }]
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
