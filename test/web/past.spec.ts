// The demonstration has a past in which a rule finds something, and which raises nothing.
import { expect, login, test } from './demo'

test('a rule finds the storms of the past month, none of which is an alarm', async ({ page, demo }) => {
  await login(page, demo, demo.admin)
  const [from, to] = [-29 * 86_400_000, -86_400_000].map((ms) => new Date(Date.now() + ms).toISOString())
  const chart = await page.request.get(`${demo.url}/api/v1/telemetry/series/rd-level-2/water_level?from=${from}&to=${to}&points=2000`)
  const { buckets } = (await chart.json()) as { buckets: { count: number; max: number }[] }
  expect(buckets.reduce((sum, b) => sum + b.count, 0)).toBeGreaterThan(28 * 24 * 5)
  expect(Math.max(...buckets.map((b) => b.max))).toBeGreaterThan(5.2)
  const alarms = (await (await page.request.get(`${demo.url}/api/v1/alarms?state=all&limit=500`)).json()) as { items: { opened_at: string }[] }
  expect(alarms.items.filter((a) => Date.parse(a.opened_at) < Date.now() - 86_400_000)).toEqual([])
})
