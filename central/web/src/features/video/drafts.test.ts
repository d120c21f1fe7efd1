import { beforeAll, describe, expect, it, vi } from 'vitest'
import { draftOf, dropDraft, keepDraft, type Draft } from './drafts'

const draft = (stream: string, text = ''): Draft => ({ stream, picture: new Blob(['x']), at: 1, shapes: [{ kind: 'arrow', colour: 'red', points: [[0, 0], [1, 1]] }], text })

describe('drawings that nobody has sent', () => {
  const listening = vi.fn()
  const silent = vi.fn()
  beforeAll(() => {
    vi.stubGlobal('addEventListener', listening)
    vi.stubGlobal('removeEventListener', silent)
  })
  it('are kept for who drew them and where, and a reload is asked about while there are any', () => {
    keepDraft('li', draft('cam-1'))
    keepDraft('li', draft('cam-1', '到箭头处'))
    expect(draftOf('li', 'cam-1')?.text).toBe('到箭头处')
    expect(draftOf('wang', 'cam-1')).toBeUndefined()
    expect(draftOf('li', 'cam-2')).toBeUndefined()
    expect(listening).toHaveBeenCalledWith('beforeunload', expect.anything())
    expect(silent).not.toHaveBeenCalled()
    dropDraft('li', 'cam-1')
    expect(draftOf('li', 'cam-1')).toBeUndefined()
    expect(silent).toHaveBeenCalledWith('beforeunload', expect.anything())
  })
  it('are bounded: the oldest goes', () => {
    for (let n = 0; n < 21; n++) keepDraft('li', draft(`cam-${String(n)}`))
    expect(draftOf('li', 'cam-0')).toBeUndefined()
    expect(draftOf('li', 'cam-20')).toBeDefined()
  })
})
