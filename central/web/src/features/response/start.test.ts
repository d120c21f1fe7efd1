import { expect, it } from 'vitest'
import { lacking } from './start'

const whole = { approved: true, asks: false, emergency: false, order: '吴局口头命令', reason: '' }
it('says what is missing before a plan is started', () => {
  expect(lacking(whole)).toBe('')
  expect(lacking({ ...whole, order: ' ' })).toBe('order')
  expect(lacking({ ...whole, emergency: true, reason: '等不及了' })).toBe('reason')
  expect(lacking({ ...whole, emergency: true, reason: '堤防已经漫水' })).toBe('')
})
it('asks for no order where the plan is proposed, and for an approved one', () => {
  expect(lacking({ ...whole, asks: true, order: '', reason: '潮位还在上涨' })).toBe('')
  expect(lacking({ ...whole, asks: true, order: '' })).toBe('reason')
  expect(lacking({ ...whole, approved: false })).toBe('unapproved')
  expect(lacking({ ...whole, approved: false, asks: true })).toBe('unapproved')
  expect(lacking({ ...whole, approved: false, emergency: true, reason: '堤防已经漫水' })).toBe('')
})
