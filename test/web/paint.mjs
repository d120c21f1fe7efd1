// How long the console takes until the map shows what is there: opened cold (nothing cached) and again, after
// a login that is not counted. test/bench calls it: node paint.mjs URL USER PASSWORD COUNT; it prints milliseconds as
// JSON. Shown is what stands on the map as a sign, in a line or in the number of a bubble: all COUNT of them.
import { chromium } from 'playwright'

const [url, user, password, count] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
})
const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1920, height: 1080 } })
const first = await context.newPage()
await first.goto(url)
await first.getByLabel('用户名').fill(user)
await first.getByLabel('密码', { exact: true }).fill(password)
await first.getByRole('button', { name: '登录' }).click()
await first.getByRole('navigation').getByText('值班台').waitFor()
const state = await context.storageState()
await context.close()

// paint opens the map in a page and waits for its frame, for the map with everything on it, and two pictures more.
async function paint(page) {
  const begun = performance.now()
  await page.goto(`${url}/map`, { waitUntil: 'commit' })
  await page.getByTestId('map').waitFor({ timeout: 120_000 })
  const frame = performance.now() - begun
  await page.locator('[data-testid=map][data-ready]').waitFor({ timeout: 120_000 })
  await page.waitForFunction((n) => Number(document.querySelector('[data-testid=map]')?.dataset.seen) >= n, Number(count), { polling: 20, timeout: 120_000 })
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  return { frame: Math.round(frame), map: Math.round(performance.now() - begun) }
}

// rest waits until the browser has opened its window: what it does for itself (its own pages in search box and tabs) is
// none of the console's.
async function rest() {
  const session = await browser.newBrowserCDPSession()
  const used = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo.reduce((sum, p) => sum + p.cpuTime, 0)
  for (let calm = 0, before = await used(); calm < 3; ) {
    await new Promise((done) => setTimeout(done, 200))
    const now = await used()
    calm = now - before < 0.02 ? calm + 1 : 0
    before = now
  }
}

const fresh = await browser.newContext({ storageState: state, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1920, height: 1080 } })
const page = await fresh.newPage()
await rest()
const cold = await paint(page)
const warm = []
for (let i = 0; i < 3; i++) warm.push(await paint(page))
if (process.env.PICTURE) await page.screenshot({ path: process.env.PICTURE })
console.log(JSON.stringify({ cold, warm }))
await browser.close()
