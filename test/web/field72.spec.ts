// Three days without a net, by the clock of the phone: everything arrives once, with its times.
import type { BrowserContext, Page } from '@playwright/test'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { enter, expect, test, type Demo } from './demo'
import { call, field, handheld, photo, tell, type Entry } from './phone'

interface Link {
  link: { id: string; stream: string }
  token: string
  page: string
}
const hour = 3_600_000
const ago = (at: string) => Math.round((Date.now() - Date.parse(at)) / hour)

// aged makes a link one of days ago: nobody waits three days for a story.
async function aged(demo: Demo, id: string, made: number, expires: number): Promise<void> {
  const time = (hours: number) => new Date(Date.now() + hours * hour).toISOString().replace('T', ' ').replace('Z', '+00:00')
  await promisify(execFile)('sqlite3', ['-cmd', '.timeout 10000', path.join(demo.data, 'central/data/central.db'), `update video_link set created_at = '${time(made)}', expires_at = '${time(expires)}' where id = '${id}'`])
}

async function opened(page: Page, demo: Demo, context: BrowserContext, title: string): Promise<{ incident: string; link: Link; phone: Page }> {
  await enter(page, demo, demo.duty, '/video/links')
  const incident = await call<{ id: string }>(page, demo, 'POST', '/incidents', { title: '断网三天', category: 'natural.flood', place: '外江堤', summary: '' })
  const link = await call<Link>(page, demo, 'POST', '/video-links', { action: 'publish', title, hours: 8, incident_id: incident.id })
  await context.clock.install()
  const phone = await context.newPage()
  await phone.goto(`${demo.url}${link.page}#${link.token}`)
  await expect(field(phone)).toHaveAttribute('data-offline', 'true')
  await expect(phone.getByTestId('box')).toContainText('已全部送达')
  return { incident: incident.id, link, phone }
}

const scene = async (page: Page, demo: Demo, incident: string) => (await call<{ items: (Entry & { at: string; retrospective: boolean })[] }>(page, demo, 'GET', `/incidents/${incident}/scene`)).items

test('three days without a net: each day is there once, at its time', async ({ page, demo, browser }) => {
  test.setTimeout(480_000) // large pictures, drawn and made smaller on whatever machine this is
  const context = await browser.newContext(handheld)
  const { incident, link, phone } = await opened(page, demo, context, '抢险六队手机')
  const picture = await photo(phone)
  await phone.getByTestId('tab-phone').click()
  await phone.getByTestId('tell-place').click()
  await expect(phone.locator('[data-place=on]')).toBeVisible()
  await expect(phone.getByTestId('bounds')).toBeVisible()
  const spots = () => phone.evaluate(() => new Promise<number>((done, failed) => {
    const asked = indexedDB.open('fengsui-field')
    asked.onerror = () => failed(new Error('no store'))
    asked.onsuccess = () => {
      const n = asked.result.transaction('spots').objectStore('spots').count()
      n.onsuccess = () => {
        asked.result.close()
        done(n.result)
      }
    }
  }))
  await context.setOffline(true)

  // Each day: somebody walks on, stands there, writes, and the page is loaded anew.
  for (const [day, text] of ['第一天：堤脚渗水', '第二天：渗水变浑', '第三天：已围井'].entries()) {
    const before = await spots()
    await context.clock.fastForward(10_000)
    await context.setGeolocation({ longitude: 121.05, latitude: 32.56 + day / 100, accuracy: 8 })
    await expect.poll(spots).toBeGreaterThan(before)
    const walked = await spots()
    for (let i = 1; i <= 20; i++) await context.setGeolocation({ longitude: 121.05, latitude: 32.56 + day / 100 + i * 2e-6, accuracy: 8 })
    await tell(phone, text, day === 1 ? undefined : picture)
    await expect(field(phone)).toHaveAttribute('data-waiting', String(day + 1))
    expect(await spots()).toBeLessThanOrEqual(walked + 2) // 20 steps of 20 centimetres: it stands, and says so once a minute
    await context.clock.fastForward(24 * hour)
    await phone.reload()
    await expect(field(phone)).toHaveAttribute('data-waiting', String(day + 1))
    await expect(phone.getByTestId('box')).toContainText(`${String(day + 1)} 条存在手机里`)
  }
  await context.setGeolocation({ longitude: 121.05, latitude: 32.7, accuracy: 8 })
  await tell(phone, '第四天：水清了', picture)
  await expect(field(phone)).toHaveAttribute('data-waiting', '4')
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/field-72.png` })
  await phone.getByTestId('tab-phone').click()
  await phone.getByRole('button', { name: '关闭位置' }).click() // from here on no place is added
  const kept = await spots()
  expect(kept).toBeGreaterThanOrEqual(4)

  // The net is back: each once, at its own time, the pictures whole; a second time nothing comes.
  await aged(demo, link.link.id, -80, 8)
  await context.setOffline(false)
  await expect(field(phone)).toHaveAttribute('data-waiting', '0', { timeout: 120_000 })
  const all = [['第一天：堤脚渗水', 1, 72, true], ['第二天：渗水变浑', 0, 48, true], ['第三天：已围井', 1, 24, true], ['第四天：水清了', 1, 0, false]]
  const told = async () => (await scene(page, demo, incident)).map((e) => [e.text, e.photos.length, ago(e.at), e.retrospective])
  expect(await told()).toEqual(all)
  for (const e of (await scene(page, demo, incident)).filter((x) => x.photos.length)) {
    const got = await page.request.get(`${demo.url}/api/v1/incidents/${incident}/scene/${e.id}/photos/${e.photos[0] ?? ''}`)
    expect((await got.body()).length).toBeGreaterThan(10_000)
  }
  await expect.poll(spots).toBe(0)
  const places = async (from: number, to: number) => {
    const span = `from=${new Date(Date.now() - from * hour).toISOString()}&to=${new Date(Date.now() - to * hour).toISOString()}`
    const got = await call<{ buckets: { count: number }[] }>(page, demo, 'GET', `/telemetry/series/${link.link.stream}/lat?${span}&points=5000`)
    return got.buckets.reduce((n, b) => n + b.count, 0)
  }
  for (const day of [72, 48, 24]) await expect.poll(() => places(day + 1, day - 1)).toBeGreaterThan(0)
  expect(await places(80, 10)).toBeLessThanOrEqual(kept)
  await phone.reload()
  await expect(phone.getByTestId('box')).toContainText('已全部送达')
  expect(await told()).toEqual(all)
  await context.close()
})

test('a link that expires while there is no net: what was written before is taken in, what came after stays on the phone', async ({ page, demo, browser }) => {
  test.setTimeout(300_000)
  const context = await browser.newContext(handheld)
  const { incident, link, phone } = await opened(page, demo, context, '抢险七队手机')
  await context.setOffline(true)
  await tell(phone, '到期前写下')
  await context.clock.fastForward(68 * hour)
  await phone.reload()
  await expect(phone.getByText('链接已到期。到期前写下的内容在')).toBeVisible() // said without a net
  await tell(phone, '到期后写下')
  await context.clock.fastForward(2 * hour)
  await aged(demo, link.link.id, -80, -10)
  await context.setOffline(false)
  await expect(field(phone)).toHaveAttribute('data-waiting', '1', { timeout: 120_000 })
  expect((await scene(page, demo, incident)).map((e) => [e.text, ago(e.at), e.retrospective])).toEqual([['到期前写下', 70, true]])
  await expect(phone.getByText('1 条还在手机里，没有丢')).toBeVisible()
  await phone.getByTestId('tab-tell').click()
  await expect(phone.locator('[data-testid=item][data-state=waiting]')).toHaveText(/到期后写下/)
  await context.close()
})
