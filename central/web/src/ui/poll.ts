// What the centre is asked for again and again while somebody looks. A failure keeps what was read before and says
// since when it is old: PollLine shows it.
import { useAsk, type Asked } from '@/api/ask'

export type Poll<T> = Asked<T>

// usePoll asks when the key changes, which forgets the old value, and every so many milliseconds after; an empty
// key asks nothing. idle tells that nothing new can come, and rests.
export function usePoll<T>(key: () => string, ask: (signal: AbortSignal) => Promise<T>, everyMs: number, idle: () => boolean = () => false): Poll<T> {
  return useAsk(key, ask, { everyMs, idle })
}
