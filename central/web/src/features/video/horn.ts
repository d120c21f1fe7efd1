// Why the loudspeakers of a terminal's cameras are not heard, in the words of the console.
import type { TalkListener } from '@/api/types'

const known = ['missing', 'codec', 'password', 'unreachable']

// silent is one text for each camera whose loudspeaker failed.
export function silent(l: TalkListener | undefined, called: (camera: string) => string, t: (key: string, args: Record<string, string>) => string): string[] {
  return (l?.speaker?.cameras ?? []).filter((c) => c.fault).map((c) => t(`video.talk.horn.${known.includes(c.fault ?? '') ? c.fault : 'broken'}`, { camera: called(c.camera), why: c.error ?? '' }))
}
