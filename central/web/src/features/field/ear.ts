// Listens at the centre for what is new for this phone, so that an order is there at once and nothing is asked for in vain.
import { listen, type Heard } from './sender'
import type { Pass } from './whip'

// An answer without news that comes early says that the centre does not wait now: it is not pressed.
const earlyMs = 10_000

export interface Ear {
  // begin listens while the page is known; it does nothing when that is being done.
  begin: () => void
  hears: () => boolean
  stop: () => void
}

// useEar listens with the news that known tells; fetch gets what is new, deaf is told that listening fails.
export function useEar(pass: Pass, known: () => string | undefined, fetch: () => Promise<void>, deaf: (times: number) => void, ask: typeof listen = listen): Ear {
  const over = new AbortController()
  let listening = false
  let failed = 0

  const rest = (ms: number) => new Promise<void>((go) => {
    const timer = setTimeout(go, ms)
    over.signal.addEventListener('abort', () => (clearTimeout(timer), go()), { once: true })
  })

  async function run(): Promise<void> {
    let wanted = false
    for (let news = known(); news && !over.signal.aborted; news = known()) {
      const began = Date.now()
      const got: Heard = await ask(pass, { wanted, news }, over.signal)
      failed = 0
      if (got.news !== news) {
        await fetch()
        if (known() === news) await rest(1000) // it is being fetched already
      } else if (got.wanted === wanted && Date.now() - began < earlyMs) await rest(earlyMs)
      wanted = got.wanted
    }
  }

  function begin(): void {
    if (listening || over.signal.aborted) return
    listening = true
    void run().then(() => true, () => false).then((well) => {
      listening = false
      if (!well && !over.signal.aborted) deaf(++failed)
    })
  }

  return { begin, hears: () => listening, stop: () => over.abort() }
}
