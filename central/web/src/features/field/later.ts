// What the worker of the page does when the net is back and the page is closed: it sends what waits. It shows nothing, fetches no
// message and asks for nothing when nothing waits. What fails is tried again when the browser says so.
import { sendAll, waits } from './flush'
import { kept } from './kept'
import type { Pass } from './whip'

const nothing = () => Promise.resolve()

export async function later(): Promise<void> {
  const pass = await kept.get<Pass>('pass')
  if (!pass) return
  if (!(await kept.items(pass.stream)).some(waits) && (await kept.spots(pass.stream)).length === 0) return
  await sendAll(pass, { seen: nothing, sent: nothing, hold: () => undefined, cost: () => undefined })
}
