// How much of a camera's picture is sent: the large one, the smaller one, key frames alone, or nothing for a while.
import { answer, api } from '@/api/client'
import type { Sent } from '@/api/types'

export type Most = 'main' | 'sub'
export type Choice = 'auto' | 'main' | 'sub' | 'thin'

// still tells that a picture that does not move for seconds is not a fault of the connection.
export const still = (sent: Sent | undefined): boolean => sent?.layer === 'thin' || sent?.layer === 'pause'

// frozenMs is how long a picture may stand until a new session tells whether its path is dead.
export const frozenMs = 20_000

// stalled tells that a picture which stands since then is a fault, and not all that the link carries. One that is doubted
// is not given the time.
export function stalled(since: number, sent: Sent | undefined, doubted: boolean, now: number): boolean {
  return since > 0 && !still(sent) && (doubted || now - since > frozenMs)
}

// phaseOf is what is said of a picture that stands: key frames alone are one that is live, though it seldom moves.
export const phaseOf = <P extends string>(phase: P, sent: Sent | undefined): P | 'live' => (phase === 'frozen' && sent?.layer === 'thin' ? 'live' : phase)

// choice is what is chosen in a picture's menu.
export const choiceOf = (sent: Sent | undefined): Choice => (sent?.pinned ? sent.wish : 'auto')

// noteOf is what a picture says of itself besides that it is live; '' when it is what was asked for and the best there is.
export function noteOf(sent: Sent | undefined): '' | 'link' | 'pinned' | 'plain' {
  if (!sent) return ''
  if (sent.why === 'link' && sent.layer !== sent.wish) return 'link'
  if (sent.pinned) return 'pinned'
  return sent.layer === 'main' ? '' : 'plain'
}

// choose pins a layer, or lets the picture follow the link again, up to most.
export function choose(session: string, to: Choice, most: Most): Promise<Sent> {
  const body = to === 'auto' ? { layer: most, pinned: false } : { layer: to, pinned: true }
  return answer(api.PUT('/video-sessions/{session}/layer', { params: { path: { session } }, body }))
}
