import { describe, expect, it } from 'vitest'
import { coursesOf } from './figures'
import type { Figure } from './types'

const figure = (kind: string, value: number, at: string, written = at): Figure => ({ id: `${kind}${value}${written}`, incident_id: 'i', kind, value, at, source: 's', ref: '', by_name: '', org_name: '', written_at: written })

describe('the course of figures', () => {
  it('begins with the latest count, whenever it was written, and says when it shrank', () => {
    const [dead, injured] = coursesOf([
      figure('injured', 5, '2026-11-26T02:00:00Z'),
      figure('dead', 3, '2026-11-26T01:00:00Z', '2026-11-26T09:00:00Z'),
      figure('dead', 2, '2026-11-26T03:00:00Z'),
    ])
    expect(dead).toMatchObject({ kind: 'dead', newest: { value: 2 }, shrank: true })
    expect(dead?.before).toHaveLength(1)
    expect(injured).toMatchObject({ kind: 'injured', newest: { value: 5 }, shrank: false })
  })
})
