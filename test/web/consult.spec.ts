// A consultation: two desks and an expert by a link see and hear each other, look at one scene, and the chair mutes.
import type { Browser, Page } from '@playwright/test'
import { enter, expect, test } from './demo'

// ears keeps the connections of a page, so that what arrives can be counted, and gives it a microphone that can be told
// to speak: the beeps of the browser's own are too short to be taken for speech.
async function ears(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const devices = navigator.mediaDevices as MediaDevices | undefined
    const real = devices?.getUserMedia.bind(devices)
    if (devices && real) {
      devices.getUserMedia = async (wish) => {
        if (!wish?.audio) return await real(wish)
        const sound = new AudioContext()
        const tone = sound.createOscillator()
        const mouth = sound.createGain()
        const out = sound.createMediaStreamDestination()
        mouth.gain.value = 0
        tone.connect(mouth).connect(out)
        tone.start()
        Object.assign(globalThis, { speak: (on: boolean) => (mouth.gain.value = on ? 0.5 : 0) })
        return out.stream
      }
    }
    const all: RTCPeerConnection[] = []
    Object.assign(globalThis, { connections: all })
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(o?: RTCConfiguration) {
        super(o)
        all.push(this)
      }
    }
  })
}

// heard is how many packets of each sound have arrived at a page, those of silent places left out.
async function heard(page: Page): Promise<number[]> {
  return await page.evaluate(async () => {
    const all = (globalThis as unknown as { connections: RTCPeerConnection[] }).connections
    const counts: number[] = []
    const stats = await all.at(-1)?.getStats()
    stats?.forEach((one: { type: string; kind?: string; packetsReceived?: number }) => {
      if (one.type === 'inbound-rtp' && one.kind === 'audio' && one.packetsReceived) counts.push(one.packetsReceived)
    })
    return counts
  })
}

async function speak(page: Page, on: boolean): Promise<void> {
  await page.evaluate((to) => (globalThis as unknown as { speak: (on: boolean) => void }).speak(to), on)
}

async function visitor(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' })).newPage()
  await ears(page)
  return page
}

async function comeIn(page: Page): Promise<void> {
  await page.getByTestId('consult-enter').click()
  await expect(page.getByTestId('consult')).toHaveAttribute('data-phase', 'in')
}

// seen is that the pictures of so many seats move on a page.
async function seen(page: Page, n: number): Promise<void> {
  const strip = page.getByTestId('consult-strip').locator('video')
  await expect(strip).toHaveCount(n)
  for (let i = 0; i < n; i++) await expect.poll(async () => await strip.nth(i).evaluate((v: HTMLVideoElement) => v.videoWidth > 0 && v.currentTime > 0), { message: `picture ${i}`, timeout: 30_000 }).toBe(true)
}

async function shoot(page: Page, name: string): Promise<void> {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` })
}

test('three people consult: pictures and sound, a scene for all, a muted voice, one leaves', async ({ browser, demo }) => {
  test.setTimeout(360_000)
  const chair = await visitor(browser)
  await enter(chair, demo, demo.duty, '/video/consults')
  const [opened] = await Promise.all([
    chair.waitForResponse((r) => r.url().endsWith('/consults') && r.request().method() === 'POST'),
    (async () => {
      await chair.getByTestId('consult-title').fill('洋口外闸管涌会商')
      await chair.getByTestId('consult-open').click()
    })(),
  ])
  const { id } = (await opened.json()) as { id: string }
  const county = await visitor(browser)
  await enter(county, demo, demo.county, '/video/consults')
  const me = (await (await county.request.get(`${demo.url}/api/v1/session`)).json()) as { user: { id: string } }
  const ask = async (data: object) => {
    const answer = await chair.request.post(`${demo.url}/api/v1/consults/${id}/invitations`, { headers: { Origin: demo.url }, data })
    expect(answer.ok(), await answer.text()).toBe(true)
    return (await answer.json()) as { token: string; page: string }
  }
  await ask({ people: [me.user.id] })
  const link = await ask({ guest: '水利专家陈工', hours: 2 })

  await chair.goto(`${demo.url}/consult/${id}`)
  await expect(chair.getByTestId('consult-door')).toBeVisible()
  await shoot(chair, 'consult-door')
  await comeIn(chair)
  await county.goto(`${demo.url}/consult/${id}`)
  await comeIn(county)
  const expert = await visitor(browser)
  await expert.goto(`${demo.url}${link.page}#${link.token}`)
  await comeIn(expert)

  // Everybody sees all, and hears the two others, never themselves.
  for (const page of [chair, county, expert]) {
    await page.bringToFront()
    await seen(page, 3)
    await expect.poll(async () => (await heard(page)).length).toBe(2)
  }
  await expect(chair.getByTestId('consult-middle').locator('[data-seat]')).toBeVisible()
  // Who speaks has the big picture.
  const large = chair.getByTestId('consult-middle').getByTestId('consult-face')
  await chair.bringToFront()
  await speak(expert, true)
  await expect(large).toContainText('水利专家陈工')
  await expect(large).toHaveAttribute('data-speaks', '')
  await speak(expert, false)
  await speak(county, true)
  await expect(large).not.toContainText('水利专家陈工')
  await shoot(chair, 'consult-faces')

  // The chair silences the expert, who is told; at the county one voice is left that goes on.
  await chair.bringToFront()
  await chair.locator('[data-person="水利专家陈工"]').getByRole('button', { name: '静音' }).click()
  await expect(expert.getByTestId('consult-quiet')).toBeDisabled()
  const went = async () => {
    const before = await heard(county)
    await expect.poll(async () => (await heard(county)).filter((n, i) => n > (before[i] ?? 0)).length).toBeGreaterThan(0)
    return before
  }
  await went()
  const still = await went()
  const later = await heard(county)
  expect(later.filter((n, i) => n > (still[i] ?? 0))).toHaveLength(1)

  // A scene stands before all of them, the expert too, who may watch no camera.
  await chair.getByTestId('consult-share').selectOption('rd-cam-1')
  for (const page of [chair, county, expert]) {
    await page.bringToFront()
    await expect.poll(async () => await page.getByTestId('consult-scene').evaluate((v: HTMLVideoElement) => v.videoWidth > 0 && v.currentTime > 0), { timeout: 30_000 }).toBe(true)
  }
  await shoot(expert, 'consult-scene')

  // The map stands before all of them as well, and moves for the others as the chair moves it.
  await chair.bringToFront()
  await chair.getByTestId('consult-share').selectOption('map')
  const theirs = county.getByTestId('consult-map')
  const drawn = { timeout: 90_000 } // in software, on each of the pages
  await expect(theirs).toHaveAttribute('data-zoom', /\d/, drawn)
  const zoom = async (page: Page) => Number(await page.getByTestId('consult-map').getAttribute('data-zoom'))
  const wide = await zoom(county)
  const box = (await chair.getByTestId('consult-map').boundingBox())!
  await chair.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await chair.mouse.wheel(0, -400)
  await expect.poll(() => zoom(county), drawn).toBeGreaterThan(wide)
  await expect(theirs).toContainText('陈值班')
  await county.bringToFront()
  await expect(theirs.locator('canvas').first()).toBeVisible()
  await shoot(county, 'consult-map')
  await chair.bringToFront()
  await chair.getByTestId('consult-share').selectOption('nothing')
  await expect(theirs).toHaveCount(0)

  // Recording is told to all, and its clock, which draws the page anew each second, begins no picture anew.
  await chair.bringToFront()
  await chair.getByTestId('consult-record').click()
  const clock = expert.getByTestId('consult-recording')
  await expert.bringToFront()
  await expect(clock).toBeVisible()
  await expert.getByTestId('consult-strip').evaluate((strip) => {
    const counted = globalThis as unknown as { begun: number }
    counted.begun = 0
    for (const v of strip.querySelectorAll('video')) v.addEventListener('emptied', () => counted.begun++)
  })
  const from = await clock.textContent()
  for (let ticks = 0, was = from; ticks < 3; ticks++) {
    await expect(clock).not.toHaveText(was ?? '')
    was = await clock.textContent()
  }
  expect(await expert.evaluate(() => (globalThis as unknown as { begun: number }).begun)).toBe(0)
  await shoot(expert, 'consult-recorded')

  await county.getByTestId('consult-leave').click()
  await expect(county.getByTestId('consult-door')).toBeVisible()
  await expect(chair.getByTestId('consult-people').getByRole('listitem')).toHaveCount(2)

  await chair.bringToFront()
  await chair.getByTestId('consult-end').click()
  await chair.getByTestId('consult-end-sure').click()
  await expect(expert.getByTestId('consult')).toHaveAttribute('data-phase', 'ended')
})
