// Replay: cameras side by side stay at one moment, go faster and picture by picture, and what a cut link kept from the
// centre is a gap until the terminal has filled it.
import type { Page } from '@playwright/test'
import { enter, expect, test, type Demo } from './demo'
import { call } from './phone'
import { watch } from './video'

const within = { timeout: 90_000 }

interface Recorded {
  stream: string
  mode: string
  last?: string
}

async function recorded(page: Page, demo: Demo, stream: string): Promise<Recorded> {
  const all = await call<{ cameras: Recorded[] }>(page, demo, 'GET', '/recordings')
  return all.cameras.find((c) => c.stream === stream)!
}

// newest is the stretch of a camera that grows, as moments.
async function newest(page: Page, demo: Demo, stream: string): Promise<{ from: number; to: number }> {
  const [from, to] = [-3_600_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString())
  const line = await call<{ spans: { from: string; to: string }[] }>(page, demo, 'GET', `/recordings/${stream}/timeline?from=${from}&to=${to}`)
  const one = line.spans.at(-1)
  return one ? { from: Date.parse(one.from), to: Date.parse(one.to) } : { from: Infinity, to: -Infinity }
}

const pictures = (page: Page) => page.getByTestId('replay-scene').locator('video')

interface Pace {
  apart: number // seconds between the moments of all pictures and of the page, nine looks of ten
  slowest: number // seconds of a picture in a second
  fastest: number
}

// pace looks at all pictures for a while.
async function pace(page: Page, ms: number): Promise<Pace> {
  return await pictures(page).evaluateAll(async (all, ms) => {
    const videos = all as HTMLVideoElement[]
    const axis = document.querySelector('[data-testid=time-axis]')
    const own = (): number => {
      const at = Number(axis?.getAttribute('aria-valuenow'))
      return (at - new Date(at).setHours(0, 0, 0, 0)) / 1000
    }
    const times = () => videos.map((v) => v.currentTime)
    const apart: number[] = []
    const [begun, before] = [performance.now(), times()]
    do {
      await new Promise((next) => setTimeout(next, 50))
      const now = [own(), ...times()]
      apart.push(Math.max(...now) - Math.min(...now))
    } while (performance.now() - begun < ms)
    const passed = (performance.now() - begun) / 1000
    const rates = times().map((t, i) => (t - before[i]!) / passed)
    apart.sort((a, b) => a - b)
    return { apart: apart[Math.floor(apart.length * 0.9)]!, slowest: Math.min(...rates), fastest: Math.max(...rates) }
  }, ms)
}

test('four recorded cameras play in step, twice as fast and picture by picture', async ({ page, demo }) => {
  test.setTimeout(360_000)
  const four = ['rd-cam-2', 'rd-cam-3', 'rd-cam-4', 'qd-cam-3']
  const picture = 0.1 // seconds; the clip of the first has ten a second
  await enter(page, demo, demo.duty, '/video/recordings')
  const before = await Promise.all(four.map((stream) => recorded(page, demo, stream)))
  const policy = (stream: string, mode: string) => call(page, demo, 'PUT', `/recordings/${stream}/policy`, { mode, keep_days: 7 })
  const begun = before.filter((c) => c.mode !== 'always')
  for (const c of begun) await policy(c.stream, 'always')
  try {
    let from = 0
    await expect.poll(async () => {
      const all = await Promise.all(four.map((stream) => newest(page, demo, stream)))
      from = Math.max(...all.map((one) => one.from))
      return Math.min(...all.map((one) => one.to)) - from
    }, { timeout: 120_000 }).toBeGreaterThan(40_000)
    await page.goto(`${demo.url}/video/recordings?cameras=${four.join()}&at=${new Date(from + 8000).toISOString()}`)
    const scenes = page.getByTestId('replay-scene')
    await expect(scenes).toHaveCount(4)
    for (let i = 0; i < 4; i++) await expect(scenes.nth(i)).toHaveAttribute('data-state', 'shown', within)

    await page.getByTestId('replay-play').click()
    await expect(async () => {
      const { apart, slowest, fastest } = await pace(page, 2000)
      expect(apart).toBeLessThan(0.5)
      expect(slowest).toBeGreaterThan(0.6)
      expect(fastest).toBeLessThan(1.4)
    }).toPass(within)
    await page.keyboard.press(']')
    await expect(page.getByText('2×', { exact: true })).toBeVisible()
    await expect(async () => {
      await page.keyboard.press('ArrowLeft') // five seconds back: however often one looks, it does not come to the end
      await pace(page, 500)
      const { apart, slowest, fastest } = await pace(page, 2000)
      expect(apart).toBeLessThan(0.8)
      expect(slowest).toBeGreaterThan(1.5)
      expect(fastest).toBeLessThan(2.6)
    }).toPass(within)
    await page.getByTestId('replay-play').click()
    const stand = () => expect.poll(async () => (await pace(page, 0)).apart, within).toBeLessThan(0.03)
    await stand()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/replay-four.png` })

    // Each press of the key shows the picture beside, which begins where the page then stands.
    const first = pictures(page).first()
    await first.evaluate((element) => {
      const v = element as HTMLVideoElement
      const note = (_: number, shown: { mediaTime: number }) => {
        v.dataset.begins = String(shown.mediaTime)
        v.requestVideoFrameCallback(note)
      }
      v.requestVideoFrameCallback(note)
    })
    let shown = 0
    const step = async (key: string): Promise<number> => {
      const was = shown
      await page.keyboard.press(key)
      await expect.poll(async () => {
        const is = await first.evaluate((v: HTMLVideoElement) => ({ at: v.currentTime, begins: Number(v.dataset.begins ?? 0) }))
        shown = is.begins
        return shown !== was && Math.abs(is.at - shown) < 0.005
      }, { message: `the picture beside after ${key}` }).toBe(true)
      return shown - was
    }
    await step('.')
    for (const [key, by] of [['.', 1], ['.', 1], ['.', 1], [',', -1], [',', -1]] as const) expect(Math.abs((await step(key)) - by * picture)).toBeLessThan(picture / 3)
    await stand()
  } finally {
    for (const c of begun) await policy(c.stream, c.mode)
  }
})

test('what a cut link kept from the centre is a gap until the terminal has filled it, and plays then', async ({ page, demo }) => {
  test.setTimeout(420_000)
  const camera = 'rd-cam-2'
  await enter(page, demo, demo.duty, '/video/recordings')
  const last = async () => Date.parse((await recorded(page, demo, camera)).last ?? '') || 0
  const begun = await last()
  await expect.poll(last, within).toBeGreaterThan(begun + 5000)
  // beneath is who recorded what stands below the cursor of the axis, '' for a gap.
  const beneath = () => page.locator(`[data-testid=axis-row][data-stream=${camera}]`).evaluate((row) => {
    const x = document.querySelector('[data-testid=time-axis] .cursor')!.getBoundingClientRect().left + 1
    const over = [...row.querySelectorAll<HTMLElement>('[data-testid=axis-span]')].find((span) => {
      const box = span.getBoundingClientRect()
      return box.left <= x && x <= box.right
    })
    return over?.dataset.source ?? ''
  })

  demo.enter()
  let cut = true
  try {
    await expect.poll(async () => Date.now() - (await last()), within).toBeGreaterThan(20_000)
    const gap = (await last()) + 8000
    await page.goto(`${demo.url}/video/recordings?cameras=${camera}&at=${new Date(gap).toISOString()}`)
    await page.getByRole('button', { name: '10 分钟' }).click()
    const scene = page.getByTestId('replay-scene')
    await expect(scene).toHaveAttribute('data-state', 'gap')
    await expect(scene).toContainText('此刻没有录像')
    await expect(page.locator('[data-testid=axis-span][data-source=live]').last()).toBeVisible()
    expect(await beneath()).toBe('')
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/replay-gap.png` })

    demo.enter()
    cut = false
    await expect.poll(beneath, { timeout: 180_000 }).toBe('edge')
    await expect(scene).toHaveAttribute('data-state', 'shown', within)
    await expect(scene.getByTestId('replay-badge')).toContainText('终端补录')
    await page.getByTestId('replay-play').click()
    await expect(async () => {
      const shown = await watch(scene.locator('video'), 1500)
      expect(shown.spread).toBeGreaterThan(100)
      expect(shown.moved).toBeGreaterThan(0)
    }).toPass(within)
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/replay-filled.png` })
  } finally {
    if (cut) demo.enter()
  }
})
