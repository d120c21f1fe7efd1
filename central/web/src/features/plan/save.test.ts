import { describe, expect, it } from 'vitest'
import { nameOf } from './save'

describe('the name of a file', () => {
  it('is the one that the centre gave', () => {
    expect(nameOf(`attachment; filename="plan.pdf"; filename*=UTF-8''${encodeURIComponent('防汛应急预案-全本-第2版.pdf')}`)).toBe('防汛应急预案-全本-第2版.pdf')
    expect(nameOf(`attachment; filename*=utf-8''${encodeURIComponent('演练评估报告.pdf')}`)).toBe('演练评估报告.pdf')
  })
  it('is a plain one when there is none, or a broken one', () => {
    expect(nameOf(null)).toBe('plan')
    expect(nameOf(`attachment; filename*=UTF-8''%E0%A4%A`)).toBe('plan')
  })
})
