import { describe, expect, it } from 'vitest'
import { at, budgetFields, everyField, lineOf, linesOf, millis, refusalOf, typed, valueOf, withAt, wrong } from './configform'
import { ApiError } from '@/api/errors'

const [monthly, , eco] = budgetFields

describe('a field of a configuration', () => {
  it('says what it cannot be', () => {
    expect([monthly, '300', '', '3.5', '-1', 'much'].slice(1).map((x) => wrong(monthly!, x as string))).toEqual(['', '', 'number', 'number', 'number'])
    expect(['80', '0', '101', 'x'].map((x) => wrong(eco!, x))).toEqual(['', 'range', 'range', 'number'])
    expect(['1s', '1m30s', '50ms', '25h', 'often', '10'].map((x) => wrong(everyField, x))).toEqual(['', '', 'range', 'range', 'duration', 'duration'])
    expect(['10.0.0.1:502', '[fe80::1]:502', '10.0.0.1', ''].map((x) => wrong({ key: 'address', kind: 'network' }, x))).toEqual(['', '', 'address', 'address'])
    expect([':9001', '127.0.0.1:9001', '9001'].map((x) => wrong({ key: 'address', kind: 'listen' }, x))).toEqual(['', '', 'address'])
    expect(['rtsp://10.0.0.1/1', 'local:', 'rtsp://u:p@10.0.0.1/1', 'http://x'].map((x) => wrong({ key: 'rtsp', kind: 'rtsp' }, x))).toEqual(['', '', 'address', 'address'])
  })
  it('is typed and kept in its own unit', () => {
    expect(typed(eco!, 0.8)).toBe('80')
    expect(valueOf(eco!, '80')).toBe(0.8)
    expect(valueOf(monthly!, ' 300 ')).toBe(300)
    expect(valueOf(monthly!, '')).toBeUndefined()
    expect(millis('1m0s')).toBe(60_000)
  })
})

describe('a document', () => {
  const document = { sensors: [{ id: 'a', every: '1s' }, { id: 'b' }], budget: { monthly_mb: 300 } }
  it('changes at one place and stays as it was', () => {
    expect(withAt(document, ['sensors', 0, 'every'], '5s')).toEqual({ sensors: [{ id: 'a', every: '5s' }, { id: 'b' }], budget: { monthly_mb: 300 } })
    expect(withAt(document, ['sensors', 0, 'every'], undefined).sensors[0]).toEqual({ id: 'a' })
    expect(withAt(document, ['sensors', 0], undefined).sensors).toEqual([{ id: 'b' }])
    expect(at(document, ['sensors', 0, 'every'])).toBe('1s')
  })
  it('keeps no part that says nothing', () => {
    expect(withAt(document, ['budget', 'monthly_mb'], undefined)).toEqual({ sensors: document.sensors })
    expect(withAt(document, ['log', 'level'], 'warn')).toEqual({ ...document, log: { level: 'warn' } })
    expect(withAt(document, ['log', 'level'], undefined)).toEqual(document)
  })
})

describe('a refusal of the centre', () => {
  it('names the place and the reason', () => {
    const error = new ApiError(422, { code: 'fleet.document.most', errors: [{ location: 'body.document.sensors.0.unit', message: '255' }] })
    expect(refusalOf(error)).toEqual({ path: ['sensors', 0, 'unit'], why: 'most', want: '255' })
    expect(refusalOf(new ApiError(409, { code: 'fleet.changed' }))).toBeUndefined()
  })
  it('is found in the text by its line', () => {
    const lines = linesOf('{\n  "sensors": [\n    {\n      "id": "a",\n      "unit": 256\n    }\n  ],\n  "x": "\\"{\\u00e9"\n}')
    expect(lines.broken).toBeUndefined()
    expect(lineOf(lines, ['sensors', 0, 'unit'])).toBe(5)
    expect(lineOf(lines, ['sensors', 0, 'address'])).toBe(3)
    expect(lineOf(lines, ['x'])).toBe(8)
    expect(lineOf(lines, [])).toBe(1)
  })
  it('is a line as well where the text is no JSON', () => {
    for (const [text, line] of [['{\n"a": 1,\n}', 3], ['{"a": 1', 1], ['[1,\n2\n3]', 3], ['{"a":\n tru}', 2], ['{}\n{}', 2], ['', 1], ['{"a": "x\n"}', 1], ['{"a": 01}', 1]] as const) expect([text, linesOf(text).broken]).toEqual([text, line])
    for (const text of ['{}', '[]', ' {"a": [1, -2.5e3, true, null, {"b": ""}]} ', '"x"', '0']) expect([text, linesOf(text).broken]).toEqual([text, undefined])
  })
})
