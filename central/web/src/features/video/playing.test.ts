import { expect, it } from 'vitest'
import { leavePlaying, playingOf } from './playing'

it('goes on with what the same person left playing', () => {
  leavePlaying('li', ['cam-1', 'cam-2'])
  expect([playingOf('li'), playingOf('wang')]).toEqual([['cam-1', 'cam-2'], []])
  leavePlaying('li', [])
  expect(playingOf('li')).toEqual([])
})
