import { describe, expect, it } from 'vitest'
import { after, lessSeen, middleOf } from './stage'
import type { Person, Scene } from './types'
import { ApiError } from '@/api/errors'

const person = (id: string, seat: number): Person => ({ id, name: id, seat, since: '2026-11-26T00:00:00Z' })

function scene(speaker: number, share: '' | 'scene' | 'map' = ''): Scene {
  return { version: 1, you: 'me', speaker, people: [person('me', 0), person('li', 1), person('wang', 4), person('guest', -1)], room: { share: { kind: share } } } as unknown as Scene
}

describe('the middle of a room', () => {
  it('is who speaks, and never oneself', () => {
    expect(middleOf(scene(4), undefined)).toEqual({ kind: 'seat', seat: 4 })
    expect(middleOf(scene(0), undefined)).toEqual({ kind: 'seat', seat: 1 })
    expect(middleOf(scene(-1), undefined)).toEqual({ kind: 'seat', seat: 1 })
    expect(middleOf({ ...scene(0), people: [person('me', 0)] }, undefined)).toEqual({ kind: 'none' })
  })
  it('is what is shared, whoever speaks', () => {
    expect(middleOf(scene(4, 'scene'), undefined)).toEqual({ kind: 'scene' })
    expect(middleOf(scene(4, 'map'), undefined)).toEqual({ kind: 'map' })
  })
  it('is what somebody chose, as long as that is there', () => {
    expect(middleOf(scene(4, 'map'), 1)).toEqual({ kind: 'seat', seat: 1 })
    expect(middleOf(scene(4, 'map'), 6)).toEqual({ kind: 'map' })
  })
})

describe('a failure', () => {
  const failed = (status: number, code = '') => after(new ApiError(status, { code }))
  it('is healed by time when the link or the centre is away', () => {
    expect([failed(0), failed(502), failed(503), failed(404, 'consult.no_place')]).toEqual(['lost', 'lost', 'lost', 'lost'])
  })
  it('needs a person otherwise', () => {
    expect([failed(409, 'consult.elsewhere'), failed(409, 'consult.ended'), failed(403, 'consult.removed'), failed(404, 'consult.not_found'), failed(409, 'consult.seats_taken')]).toEqual(['elsewhere', 'ended', 'out', 'out', 'failed'])
  })
})

describe('who sees less on the shared map', () => {
  it('is named by how much', () => {
    const people: Person[] = [person('me', 0), { ...person('li', 1), map: 'part' }, { ...person('guest', -1), map: 'none' }, { ...person('wang', 4), map: 'part' }]
    expect(lessSeen(people)).toEqual({ part: ['li', 'wang'], none: ['guest'] })
    expect(lessSeen([person('me', 0)])).toEqual({ part: [], none: [] })
  })
})
