// A consultation whose net is cut in the middle: the page says so, the others are told, and it comes back by itself. What
// was recorded is replayed by the names of those who sat there.
import type { Locator, Page } from '@playwright/test'
import { desk, enter, expect, test } from './demo'

const within = { timeout: 90_000 }

async function comeIn(page: Page): Promise<void> {
  await page.getByTestId('consult-enter').click()
  await expect(page.getByTestId('consult')).toHaveAttribute('data-phase', 'in', within)
}

// moves is that a picture goes on from now.
async function moves(video: Locator): Promise<void> {
  const at = () => video.evaluate((v: HTMLVideoElement) => (v.videoWidth > 0 ? v.currentTime : 0))
  const from = await at()
  await expect.poll(at, within).toBeGreaterThan(from)
}

async function allMove(page: Page, n: number): Promise<void> {
  const strip = page.getByTestId('consult-strip').locator('video')
  await page.bringToFront()
  await expect(strip).toHaveCount(n)
  for (let i = 0; i < n; i++) await moves(strip.nth(i))
}

test('a cut net in the middle of a consultation, and its replay by name', async ({ browser, demo }) => {
  test.setTimeout(420_000)
  const chair = await desk(browser)
  await enter(chair, demo, demo.duty, '/video/consults')
  const title = '外闸断网会商'
  await chair.getByTestId('consult-title').fill(title)
  const [opened] = await Promise.all([chair.waitForResponse((r) => r.url().endsWith('/consults') && r.request().method() === 'POST'), chair.getByTestId('consult-open').click()])
  const { id } = (await opened.json()) as { id: string }
  const county = await desk(browser)
  await enter(county, demo, demo.county, '/video/consults')
  const me = (await (await county.request.get(`${demo.url}/api/v1/session`)).json()) as { user: { id: string } }
  const invited = await chair.request.post(`${demo.url}/api/v1/consults/${id}/invitations`, { headers: { Origin: demo.url }, data: { people: [me.user.id] } })
  expect(invited.ok()).toBe(true)
  for (const page of [chair, county]) {
    await page.goto(`${demo.url}/consult/${id}`)
    await comeIn(page)
  }
  await chair.getByTestId('consult-record').click()
  await expect(county.getByTestId('consult-recording')).toContainText('录制中')
  for (const page of [chair, county]) await allMove(page, 2)

  // The others are told while the place is kept, which is no longer than 15 s: both are waited for at once.
  const theirs = chair.locator('[data-person="许超"]')
  await chair.bringToFront()
  const told = expect(theirs).toContainText('中断', within)
  const says = expect(county.getByTestId('consult')).toHaveAttribute('data-phase', 'lost', within)
  await county.context().setOffline(true)
  await Promise.all([told, says])
  await expect(county.getByText('连接中断，正在自动恢复…')).toBeVisible()
  await county.context().setOffline(false)
  await expect(county.getByTestId('consult')).toHaveAttribute('data-phase', 'in', within)
  await expect(theirs).toHaveCount(1)
  await expect(theirs).not.toContainText('中断')
  await expect(county.getByTestId('consult-recording')).toContainText('录制中') // without being asked again
  for (const page of [county, chair]) await allMove(page, 2)

  await chair.bringToFront()
  await chair.getByTestId('consult-end').click()
  await chair.getByTestId('consult-end-sure').click()
  await expect(county.getByTestId('consult')).toHaveAttribute('data-phase', 'ended', within)

  await chair.goto(`${demo.url}/video/consults`)
  await chair.getByTestId('consult-row').filter({ hasText: title }).getByTestId('consult-replay').click()
  await expect(chair.getByTestId('replay-consult')).toContainText(title, within)
  const seats = chair.getByTestId('recorded-seat')
  await expect(seats).toHaveCount(2)
  await chair.getByRole('searchbox').fill('许超')
  await expect(seats.filter({ hasText: '许超（如东县应急管理局）' })).toHaveCount(1)
  await expect(seats.filter({ hasText: '陈值班（南通市应急指挥中心）' })).toHaveCount(1)
  await expect(chair.getByText('consult-')).toHaveCount(0) // no name of a stream anywhere
  const scenes = chair.getByTestId('replay-scene')
  await expect(scenes).toHaveCount(2)
  for (let i = 0; i < 2; i++) await expect(scenes.nth(i)).toHaveAttribute('data-state', 'shown', within)
  await chair.getByTestId('replay-play').click()
  for (let i = 0; i < 2; i++) await moves(scenes.nth(i).locator('video'))
  if (process.env.SHOTS) await chair.screenshot({ path: `${process.env.SHOTS}/consult-cut-replay.png` })
})
