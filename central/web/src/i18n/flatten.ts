export interface Texts {
  [key: string]: string | Texts
}

// flatten turns nested texts into one level with dotted keys.
export function flatten(texts: Texts, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') flat[prefix + key] = value
    else Object.assign(flat, flatten(value, `${prefix}${key}.`))
  }
  return flat
}
