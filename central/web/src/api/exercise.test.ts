import { afterEach, describe, expect, it } from 'vitest'
import { drop, exercise, read, world } from './exercise'

afterEach(drop)

describe('the world of a tab', () => {
  it('is reality for what nobody has kept', () => {
    for (const text of [null, '', '{', 'null', '[]', '{"id":""}', '{"id":1,"name":"x"}', '{"id":"d"}']) expect(read(text).id).toBe('')
    expect(read('{"id":"d","name":"防汛"}')).toEqual({ id: 'd', name: '防汛' })
  })

  it('is said with every request but those that are real always', () => {
    expect(world('/incidents')).toBe('')
    exercise.value = { id: 'd', name: '防汛' }
    for (const path of ['/incidents', '/incidents/{id}', '/drillsheets', '/tasks']) expect(world(path)).toBe('d')
    for (const path of ['/session', '/session/password', '/about', '/drills', '/drills/{id}/acts', '/rollcalls/asked']) expect(world(path)).toBe('')
    drop()
    expect(world('/incidents')).toBe('')
  })
})
