// What a page shows of the centre and asks for again: when something happens, after an act of its own, every so often.
// Answers may come in another order than they were asked for: what was asked later counts, and an older answer that
// comes after it is dropped.
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useLive } from './live'

export interface Asked<T> {
  // value is what was read last; it stands while a new question is under way, and after one that failed.
  value: ShallowRef<T | undefined>
  // failure is why the newest question had no answer; the value then is of readAt.
  failure: ShallowRef<unknown>
  // readAt is when the value was read, by the centre's clock in milliseconds; 0 while there is none.
  readAt: Ref<number>
  loading: Ref<boolean>
  // reload asks now and returns when the answer to this question, or to a later one, is there.
  reload: () => Promise<void>
  // put shows what an act has answered, and asks again: somebody else may have done more meanwhile.
  put: (value: T) => Promise<void>
}

export interface Occasions {
  // tick asks again whenever it changes.
  tick?: () => unknown
  // everyMs asks again so long after the answer before; idle tells that nothing new can come, and rests.
  everyMs?: number
  idle?: () => boolean
}

// So many questions of a page are under way at most because of ticks: the centre is asked no faster than it answers, and
// one that hangs holds up no other.
const most = 2

// useAsk asks when the key changes, which forgets the value of the key before, and on its occasions; an empty key asks
// nothing.
export function useAsk<T>(key: () => string, ask: (signal: AbortSignal) => Promise<T>, { tick, everyMs = 0, idle = () => false }: Occasions = {}): Asked<T> {
  const live = useLive()
  const value = shallowRef<T>()
  const failure = shallowRef<unknown>()
  const readAt = ref(0)
  const loading = ref(false)
  const under = new Map<number, AbortController>()
  let waiting: { from: number; go: () => void }[] = []
  let last = 0
  let again = false
  let ended = false

  // settle ends the questions up to n: none of them changes anything from now on.
  function settle(n: number): void {
    for (const [older, abort] of under) {
      if (older > n) continue
      under.delete(older)
      abort.abort()
    }
    loading.value = under.size > 0
    for (const w of waiting) if (w.from <= n) w.go()
    waiting = waiting.filter((w) => w.from > n)
  }
  async function begin(): Promise<void> {
    const n = ++last
    const abort = new AbortController()
    under.set(n, abort)
    loading.value = true
    again = false
    try {
      const read = await ask(abort.signal)
      if (under.get(n) !== abort) return
      value.value = read
      readAt.value = live.now()
      failure.value = undefined
      settle(n)
    } catch (error) {
      if (under.get(n) !== abort) return
      if (n === last) {
        failure.value = error
        settle(n)
      } else under.delete(n) // the one asked after it will say
    }
    if (again) void begin()
  }
  function reload(): Promise<void> {
    if (!key() || ended) return Promise.resolve()
    void begin()
    const from = last
    return new Promise((go) => waiting.push({ from, go }))
  }
  function put(now: T): Promise<void> {
    settle(last) // what was asked before the act may not know of it
    value.value = now
    readAt.value = live.now()
    failure.value = undefined
    return reload()
  }

  watch(key, (now) => {
    again = false
    // Who waits for the key before gets the answer of this one.
    const held = waiting
    waiting = []
    settle(last)
    value.value = undefined
    readAt.value = 0
    failure.value = undefined
    waiting = held
    if (now) void begin()
    else settle(Infinity)
  }, { immediate: true })
  if (tick) {
    watch(tick, () => {
      if (!key()) return
      if (under.size < most) void begin()
      else again = true
    })
  }
  // A slow answer is waited for, not asked for twice.
  const timer = everyMs ? setInterval(() => {
    if (key() && !loading.value && !idle()) void begin()
  }, everyMs) : undefined
  onScopeDispose(() => {
    ended = true
    again = false
    clearInterval(timer)
    settle(Infinity)
  })
  return { value, failure, readAt, loading, reload, put }
}
