// Checks the texts of the console: both languages have the same keys and parameters, every key that the
// code asks for exists, no key is left over, and they stand in order.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = 'src/i18n'
const faults = []

function load(locale) {
  const texts = JSON.parse(readFileSync(join(folder, `${locale}.json`), 'utf8'))
  const keys = Object.keys(texts)
  keys.forEach((key, i) => {
    if (typeof texts[key] !== 'string') faults.push(`${key}: no text in ${locale}; keys are flat`)
    if (i && keys[i - 1] > key) faults.push(`${key}: not in order in ${locale}`)
    for (let dot = key.indexOf('.'); dot > 0; dot = key.indexOf('.', dot + 1)) if (key.slice(0, dot) in texts) faults.push(`${key}: lies under the text ${key.slice(0, dot)} in ${locale}`)
  })
  return texts
}

function sources(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /\.(vue|ts)$/.test(entry.name) && !entry.name.endsWith('.test.ts') ? [readFileSync(path, 'utf8')] : []
  })
}

const params = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().filter((p, i, a) => p !== a[i - 1]).join(',')

const zh = load('zh-CN')
const en = load('en')
for (const key of Object.keys(zh)) if (!(key in en)) faults.push(`${key}: no English`)
for (const key of Object.keys(en)) if (!(key in zh)) faults.push(`${key}: no Chinese`)
for (const key of Object.keys(zh)) {
  if (key in en && params(zh[key]) !== params(en[key])) faults.push(`${key}: parameters differ (${params(zh[key])} / ${params(en[key])})`)
  if (zh[key].trim() === '' || en[key]?.trim() === '') faults.push(`${key}: empty`)
}

const code = sources('src').join('\n')
for (const [, key] of code.matchAll(/\bt\(\s*'([^']+)'/g)) if (!(key in zh)) faults.push(`${key}: asked for but missing`)

// A key is used when it stands in the code as a whole, or begins with the fixed part of a built key.
const literals = new Set([...code.matchAll(/'([\w-]+(?:\.[\w-]+)+)'/g)].map((m) => m[1]))
const built = [...code.matchAll(/`([\w-]+(?:\.[\w-]+)*\.)\$\{/g)].map((m) => m[1])
for (const prefix of built) if (!Object.keys(zh).some((key) => key.startsWith(prefix))) faults.push(`${prefix}…: built but no such key`)
for (const key of Object.keys(zh)) {
  if (!literals.has(key) && !built.some((prefix) => key.startsWith(prefix))) faults.push(`${key}: not used`)
}

if (faults.length) {
  process.stderr.write(`${faults.join('\n')}\n`)
  process.exit(1)
}
process.stdout.write(`i18n: ${Object.keys(zh).length} texts in two languages\n`)
