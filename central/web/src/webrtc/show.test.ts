import { describe, expect, it, vi } from 'vitest'
import { show } from './show'

function element(): { media: HTMLMediaElement; set: ReturnType<typeof vi.fn>; play: ReturnType<typeof vi.fn> } {
  const set = vi.fn()
  const play = vi.fn(() => Promise.resolve())
  let source: unknown = null
  const media = { play, get srcObject() { return source }, set srcObject(to: unknown) { source = to; set(to) } }
  return { media: media as unknown as HTMLMediaElement, set, play }
}

describe('show', () => {
  it('begins once, and not again with what plays already', () => {
    const { media, set, play } = element()
    const picture = {} as MediaStream
    show(media, picture)
    show(media, picture)
    expect(set).toHaveBeenCalledTimes(1)
    expect(play).toHaveBeenCalledTimes(1)
    show(media, undefined)
    expect(set).toHaveBeenLastCalledWith(null)
    show(media, undefined)
    expect(set).toHaveBeenCalledTimes(2)
    expect(play).toHaveBeenCalledTimes(1)
  })
})
