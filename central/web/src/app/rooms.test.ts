import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { dutyPages, morePages, otherPages, rooms } from './rooms'

const router = readFileSync(fileURLToPath(new URL('../router.ts', import.meta.url)), 'utf8')

describe('what Ctrl K finds', () => {
  it('is every page of duty, reports and 更多 that needs no name of a thing', () => {
    const routes = router.split('\n').filter((line) => /path: '\/(more|report)/.test(line) && line.includes('meta: {') && !/open: true|bare: true|path: '[^']*\/:[^?']*'|gallery/.test(line))
    const paths = routes.map((line) => /path: '([^':]+?)\/?(?::[^']*)?'/.exec(line)?.[1] || '/')
    const found = [...rooms.map((r) => r.to), ...dutyPages, ...morePages, ...otherPages].map((p) => (typeof p === 'object' ? p.to : p))
    expect(paths.length).toBeGreaterThan(10)
    expect(paths.filter((p) => !found.includes(p))).toEqual([])
  })
})
