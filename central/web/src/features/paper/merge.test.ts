import { describe, expect, it } from 'vitest'
import { merged } from './merge'
import { emptyContent } from './types'

const base = { ...emptyContent(), title: '通知', text: '一、甲', to: '各镇' }

describe('two people who write one draft', () => {
  it('keep what each changed alone', () => {
    expect(merged(base, { ...base, text: '一、乙' }, { ...base, to: '各县', seal: true })).toEqual({ content: { ...base, text: '一、乙', to: '各县', seal: true }, both: [] })
  })
  it('are asked about what both changed', () => {
    const { content, both } = merged(base, { ...base, text: '我的', annexes: [{ title: '附', text: '' }] }, { ...base, text: '对方的', annexes: [] })
    expect(both).toEqual(['text'])
    expect(content.text).toBe('我的')
    expect(content.annexes).toHaveLength(1)
  })
  it('are not asked when both wrote the same', () => {
    expect(merged(base, { ...base, text: '同' }, { ...base, text: '同' }).both).toEqual([])
  })
})
