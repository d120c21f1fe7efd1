import { describe, expect, it } from 'vitest'
import { ApiError, sentenceOf } from './errors'

const known = (key: string) => key === 'error.code.account_wrong_password'

describe('sentenceOf', () => {
  it.each([
    [new ApiError(401, { code: 'account.wrong_password' }), 'error.code.account_wrong_password'],
    [new ApiError(401, { code: 'something.new' }), 'error.signed_out'],
    [new ApiError(422, {}), 'error.invalid'],
    [new ApiError(503, {}), 'error.unavailable'],
    [new ApiError(418, {}), 'error.internal'],
    [new ApiError(0), 'error.offline'],
    [new TypeError('x is undefined'), 'error.console'],
  ])('%s', (failure, key) => {
    expect(sentenceOf(failure, known).key).toBe(key)
  })

  it('carries the number to tell the administrator', () => {
    expect(sentenceOf(new ApiError(500, { request_id: 'r-1' }), known).params.request).toBe('r-1')
  })
})

describe('ApiError', () => {
  it('finds what is wrong with one field', () => {
    const failure = new ApiError(422, { errors: [{ location: 'body.name', message: 'too long' }] })
    expect(failure.field('name')).toBe('too long')
    expect(failure.field('place')).toBe('')
  })
})
