// The level table of the console: a folder imports itself and the folders named for it, nothing else.
// docs/architecture.md has the same table in words.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('.', import.meta.url))

const base = ['api', 'webrtc', 'stores', 'i18n', 'ui', 'map']

const mayImport: Record<string, string[]> = {
  api: [],
  webrtc: ['api'],
  i18n: ['api', 'webrtc'],
  stores: ['api', 'i18n'],
  ui: ['api', 'i18n', 'stores'],
  map: ['api', 'i18n', 'stores', 'ui'],
  'features/account': base,
  'features/duty': [...base, 'features/paper'],
  'features/deadline': [...base, 'features/incident'],
  'features/handover': [...base, 'features/paper', 'features/telemetry'],
  'features/notice': base,
  'features/rollcall': base,
  'features/paper': base,
  'features/incident': base,
  'features/intake': [...base, 'features/incident'],
  'features/report': [...base, 'features/handover', 'features/incident', 'features/paper', 'features/recording', 'features/response'],
  'features/resource': [...base, 'features/device', 'features/incident'],
  'features/response': [...base, 'features/resource', 'features/incident', 'features/paper', 'features/recording', 'features/video'],
  'features/opinion': [...base, 'features/incident'],
  'features/review': [...base, 'features/incident', 'features/paper'],
  'features/drill': [...base, 'features/plan'],
  'features/output': base,
  'features/plan': base,
  'features/rulebook': base,
  'features/telemetry': [...base, 'features/output', 'features/recording', 'features/rulebook', 'features/video'],
  'features/video': [...base, 'features/incident'],
  'features/consult': [...base, 'features/incident', 'features/video'],
  'features/field': [...base, 'features/response', 'features/video'],
  'features/recording': [...base, 'features/incident'],
  'features/device': [...base, 'features/telemetry', 'features/output'],
  'features/board': [...base, 'features/telemetry', 'features/video'],
  'features/fleet': [...base, 'features/device'],
  'features/release': [...base, 'features/device'],
  'features/map': [...base, 'features/resource', 'features/telemetry', 'features/video', 'features/output'],
  'features/desk': [...base, 'features/handover', 'features/paper', 'features/report', 'features/telemetry', 'features/video'],
  'features/gallery': [...base, 'features/telemetry', 'features/video'],
}
// main, router and the frame bring everything together.
const above = ['app', '.']

function filesUnder(folder: string): string[] {
  return readdirSync(join(src, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesUnder(path) : /\.(ts|vue)$/.test(entry.name) ? [path] : []
  })
}

function folderOf(path: string): string {
  const [first = '.', second] = path.split('/')
  if (!second && !existsSync(join(src, first, 'index.ts'))) return '.'
  return first === 'features' ? `features/${second}` : first
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'((?:@|\.{1,2})\/[^']+)'/g)].map(([, path = '']) =>
    path.startsWith('@/') ? path.slice(2) : normalize(join(dirname(file), path)),
  )
}

describe('the folders of the console', () => {
  const files = filesUnder('.').map((f) => relative('.', f))

  it('import inward only', () => {
    const wrong: string[] = []
    for (const file of files) {
      const own = folderOf(file)
      if (above.includes(own)) continue
      for (const target of importsOf(file)) {
        const folder = folderOf(target)
        if (folder !== own && !mayImport[own]?.includes(folder)) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('are all in the table, and the table names no other', () => {
    const found = new Set(files.map(folderOf))
    expect([...found].filter((f) => !above.includes(f) && !(f in mayImport))).toEqual([])
    expect(Object.keys(mayImport).filter((f) => !existsSync(join(src, f)))).toEqual([])
  })
})
