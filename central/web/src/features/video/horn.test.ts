import { describe, expect, it } from 'vitest'
import { silent } from './horn'
import type { TalkListener } from '@/api/types'

const of = (cameras: unknown[]) => ({ id: 'edge', kind: 'terminal', cameras: [], online: true, speaker: { volume: 100, cameras } }) as unknown as TalkListener
const t = (key: string, args: Record<string, string>) => `${key} ${args.camera} ${args.why}`.trim()

describe('loudspeakers of cameras', () => {
  it('says of each that failed why, and nothing of those that are heard', () => {
    expect(silent(of([{ camera: 'a', hears: true }, { camera: 'b', fault: 'missing', error: 'x' }, { camera: 'c', fault: 'unheard-of', error: 'y' }]), (id) => id.toUpperCase(), t)).toEqual(['video.talk.horn.missing B x', 'video.talk.horn.broken C y'])
  })
  it('has nothing to say of a terminal without, or of a phone', () => {
    expect(silent(of([]), (id) => id, t)).toEqual([])
    expect(silent(undefined, (id) => id, t)).toEqual([])
  })
})
