// The pictures of the manual, taken from the running demo in both languages: npm run pictures.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Book, root } from './book'
import { expect, test } from './demo'

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of the manual: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(600_000)
    const ports = JSON.parse(await readFile(`${demo.data}/ports.json`, 'utf8')) as { Upper: string }
    const b = await Book.open(browser, demo, language)
    const { page } = b

    await demo.hold('rd-level-1', { water_level: 5.37 })
    const need = page.getByRole('region', { name: b.t('desk.need.title') })
    await expect(need.getByRole('listitem').filter({ hasText: '洋口外闸' }).or(need.getByRole('listitem').filter({ hasText: 'Yangkou outer sluice' })).first()).toBeVisible()
    await b.take('desk')

    await demo.hold('rd-level-1', { water_level: null })

    await b.go('/more/devices')
    await b.button('device.create.open').click()
    await b.dialog.locator('input[name=device-id]').fill(`edge-haian-${language === 'en' ? 2 : 1}`)
    await b.dialog.locator('input[name=device-name]').fill('海安终端（演示）')
    await b.dialog.getByRole('button', { name: b.t('device.create.submit'), exact: true }).click()
    await expect(b.dialog.getByRole('img', { name: b.t('device.enrol.qr') })).toBeVisible()
    await b.take('enrol')

    await b.go('/more/devices')
    await b.button('bulk.open').click()
    await b.dialog.locator('input[type=file]').setInputFiles(path.join(root, 'test/web/testdata/devices-wrong.xlsx'))
    await expect(b.dialog.getByRole('table', { name: b.t('bulk.preview') })).toBeVisible()
    await b.take('bulk')

    await b.go('/more/devices/edge-qidong')
    await b.button('gateway.add.open').click()
    await expect(b.dialog.getByRole('listitem').first()).toBeVisible()
    await b.take('profiles')
    await b.dialog.getByRole('searchbox').fill('generic-water-level-modbus')
    await b.dialog.getByRole('listitem').getByRole('button').first().click()
    await b.dialog.locator('input[name=sensor-address]').fill(ports.Upper)
    await b.dialog.locator('input[name=sensor-name]').fill('吕四港潮位（演示）')
    await b.dialog.getByLabel(b.t('gateway.add.name_en')).fill('Lüsi harbour level (demo)')
    await b.dialog.getByRole('button', { name: b.t('gateway.add.send') }).click()
    await expect(b.dialog.getByRole('link', { name: b.t('gateway.first.page') })).toBeVisible({ timeout: 90_000 })
    await b.take('first-value')

    await b.go('/more/devices/edge-rudong')
    await expect(page.getByText(b.t('gateway.field.clock'), { exact: true })).toBeVisible()
    await b.take('gateway')
    await b.go('/more/devices/edge-qidong')
    await page.getByRole('button', { name: b.t('gateway.config.look'), exact: true }).first().click()
    await b.take('configuration')

    const active = (await (await page.request.get(`${demo.url}/api/v1/alarms?state=active`)).json()) as { items: { id: string; device: string }[] }
    await b.go(`/monitor?alarm=${active.items.find((a) => a.device === 'rd-level-1')?.id ?? ''}`)
    await expect(b.dialog.getByText(b.t('alarm.near.title'))).toBeVisible()
    await b.take('alarm')

    await b.go('/monitor?view=maintenance')
    await b.button('maintenance.plan.open').click()
    await b.dialog.getByLabel(b.t('maintenance.field.subject')).selectOption('rd-level-1')
    await b.dialog.getByLabel(b.t('maintenance.field.reason')).fill(b.one('更换水位计探头', 'The probe of the gauge is replaced'))
    await b.take('maintenance')
    await b.go('/monitor?view=escalation')
    await b.take('escalation')

    await b.go('/monitor?view=rules')
    await page.getByRole('row').filter({ hasText: '5.2' }).first().getByRole('button').first().click()
    await b.button('rule.trial.run').click()
    await expect(page.getByRole('columnheader', { name: b.t('rule.trial.count') })).toBeVisible()
    await b.take('rule')

    await b.go('/more/devices?open=rd-siren-1')
    const siren = page.getByTestId('outputs').getByRole('listitem').last()
    await siren.getByRole('button', { name: b.t('output.act.on_ask') }).click()
    await b.dialog.last().getByLabel(b.t('output.field.note')).fill(b.one('演练：通知闸下群众', 'Drill: warn the people below the sluice'))
    await b.take('siren')

    await b.go('/more/rollouts')
    await b.button('rollout.new.open').click()
    for (const terminal of [/洋口|Yangkou/, /吕四|Lüsi/]) await b.dialog.getByRole('checkbox', { name: terminal }).check()
    await b.dialog.getByLabel(b.t('rollout.new.source')).selectOption('edge-rudong')
    await b.dialog.getByLabel(b.t('rollout.field.note')).fill(b.one('换流量套餐', 'A new data plan'))
    await b.take('rollout')

    await b.go('/monitor-board')
    await page.getByRole('link', { name: b.one('如东河道看板（演示）', 'Rudong river board (demo)'), exact: true }).click()
    await page.getByLabel(b.t('board.page.span')).selectOption('1h')
    await b.take('board')

    await b.go('/more/data')
    await b.take('data')

    // By now there is a course to see, in the time of China.
    const minute = (offset: number) => new Date(Date.now() + 8 * 3_600_000 + offset * 60_000).toISOString().slice(0, 16)
    await b.go(`/monitor/rd-level-1/water_level?span=free&from=${minute(-2)}&to=${minute(1)}&with=rd-level-2/water_level`)
    await b.take('sensor')
    await page.context().close()
  })
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of documents: ${language}`, async ({ browser, demo }) => {
    const b = await Book.open(browser, demo, language)
    await b.go('/more/papers')
    await expect(b.page.getByRole('row').nth(3)).toBeVisible()
    await b.take('papers')
    await b.page.getByRole('row').filter({ hasText: '冬季安全检查' }).first().click()
    await expect(b.page.getByRole('img').first()).toContainText('冬季安全检查')
    await b.page.getByRole('button', { name: b.t('paper.page.whole') }).click()
    await b.take('paper')
    await b.go('/more/papers?view=register')
    await expect(b.page.getByRole('row').filter({ hasText: '与上级检查安排重复' })).toBeVisible()
    await b.take('paper-register')
    await b.page.context().close()
  })
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of duty and reporting: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(400_000)
    const { rudong } = JSON.parse(await readFile(path.join(demo.data, 'logins.json'), 'utf8')) as { rudong: string }
    const city = await Book.open(browser, demo, language, demo.duty, '/more/clocks')
    const county = await Book.open(browser, demo, language, { user: 'rudong', password: rudong }, '/more/clocks')
    const admin = await Book.open(browser, demo, language, demo.admin, '/more/clocks')
    const periods = (await (await admin.page.request.get(`${demo.url}/api/v1/duty/periods`)).json()) as { items: unknown[] }
    if (!periods.items.length) {
      const orgs = (await (await admin.page.request.get(`${demo.url}/api/v1/orgs`)).json()) as { items: { id: string }[] }
      const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
      await admin.send('/duty/periods', { org: orgs.items[0]!.id, name: '重要活动保障（演示）', order: '通政办〔2026〕0 号', from: today, to: today })
    }
    await admin.go('/more/duty')
    await admin.button('duty.roster.next').click()
    await expect(admin.page.getByRole('row').nth(20)).toBeVisible()
    await admin.take('roster')
    await city.go('/more/handover')
    await expect(city.button('handover.sign.leave')).toBeVisible()
    await city.take('handover')
    await city.send('/rollcalls', { name: city.one('晚间查岗（演示）', 'Evening check (demo)'), tiers: ['officer'], minutes: 10 })
    await expect(county.page.getByRole('alertdialog')).toBeVisible()
    await county.page.keyboard.press('F9')
    await expect(county.page.getByRole('alertdialog')).toBeHidden()
    await city.go('/more/rollcall')
    await city.page.getByText(city.one('晚间查岗', 'Evening check')).first().click()
    await city.take('rollcall')

    await county.go('/incident/inbox')
    await county.page.getByLabel(county.t('intake.field.unit')).first().fill('洋口镇政府（演示）')
    await county.page.getByLabel(county.t('intake.field.place')).first().fill('洋口镇渔港北侧')
    await county.page.getByLabel(county.t('intake.field.text')).first().fill('冷库外墙起火，有浓烟')
    await county.take('inbox')
    await county.go('/incident')
    await county.page.getByRole('link', { name: '洋口镇渔港冷库火灾' }).first().click()
    await expect(county.page.getByRole('region', { name: county.t('report.panel.heading') })).toBeVisible()
    await county.take('incident')
    await county.page.locator('main').focus()
    await county.page.keyboard.press('b')
    await expect(county.page.getByRole('form').first()).toBeVisible()
    await county.take('report')
    await city.go('/report/tasks')
    await expect(city.page.getByText('查明起火原因').first()).toBeVisible()
    await city.take('supervision')
    await city.go('/report/daily')
    await expect(city.page.getByRole('heading', { name: city.t('report.daily.below') })).toBeVisible() // owed before 17:00 only: a period that is declared later asks from the next day on
    await city.take('daily')
    await city.go('/report/stats')
    await city.take('stats')
    for (const b of [city, county, admin]) await b.page.context().close()
  })
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of teams and stock: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(200_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/resource')
    await b.go('/resource')
    await expect(b.page.getByText('市防汛抢险队').first()).toBeVisible()
    await b.take('teams')
    const fire = await b.send<{ id: string }>('/incidents', { title: b.one('洋口外闸风暴潮（演示）', 'Storm tide at Yangkou sluice (demo)'), category: 'natural.flood', place: b.one('洋口外闸', 'Yangkou outer sluice'), lon: 120.94793, lat: 32.53164 })
    await b.send(`/incidents/${fire.id}/resources`, { kind: 'team', what: '巡堤查险', amount: 4 })
    await b.go(`/incident/${fire.id}/room`)
    await b.page.getByRole('button', { name: b.t('resource.send.title'), exact: true }).click()
    await expect(b.dialog.getByText('如东海堤巡查队').first()).toBeVisible()
    await b.take('dispatch')
    await b.page.context().close()
  })
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of exercises and reviews: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(200_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/plan/drills')
    await b.go('/plan/drills?view=programme')
    await expect(b.page.getByText('南通市危险化学品事故应急预案（演示）').first()).toBeVisible()
    await b.take('programme')
    await b.go('/plan/drills')
    await b.page.getByRole('row').filter({ hasText: '洋口园区危化品泄漏桌面推演（演示）' }).click()
    await expect(b.page.getByText('下风向检出').first()).toBeVisible()
    await b.take('exercise')
    await b.go('/incident/cases')
    const boat = b.page.getByRole('row').filter({ hasText: '吕四港外渔船失去动力（演示）' })
    await expect(boat).toBeVisible()
    await b.take('cases')
    await boat.getByRole('link').first().click()
    await expect(b.page.getByText('吕四港增加一支签约救助船艇队伍').first()).toBeVisible()
    await b.take('review')
    await b.go('/map')
    await b.page.getByTestId('map-force').and(b.page.locator('[data-kind=crew]')).first().dispatchEvent('click')
    await expect(b.page.getByTestId('force-card')).toBeVisible()
    await b.take('forces')
    await b.page.context().close()
  })
}

// tideOf is the storm tide of the demonstration, which is commanded and spoken of.
async function tideOf(b: Book): Promise<string> {
  const list = (await (await b.page.request.get(`${b.demo.url}/api/v1/incidents?limit=50`)).json()) as { items: { id: string; title: string }[] }
  const tide = list.items.find((i) => i.title === '洋口外闸风暴潮超警戒（演示）')
  if (!tide) throw new Error('the demo has no storm tide')
  return tide.id
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of recordings: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(600_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/video/recordings')
    const { page } = b
    const camera = page.locator('[data-testid=recorded-camera][data-camera=rd-cam-2]')
    await expect(camera).toContainText('MB')
    await camera.click()
    await expect(page.getByTestId('replay-scene')).toHaveAttribute('data-state', 'shown')
    await page.keyboard.press('s')
    await page.keyboard.press('i')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('o')
    await b.take('recordings')
    await page.getByTestId('clip-selection').click()
    await page.getByTestId('clip-reference').selectOption({ index: 1 })
    await page.getByTestId('clip-dialog').locator('button[type=submit]').click()
    await expect(page.getByTestId('clip').first()).toHaveAttribute('data-state', 'made')
    await b.take('clips')
    await b.go('/video/snapshots')
    await expect(page.getByTestId('still').first()).toHaveAttribute('data-ready', 'true')
    await b.take('snapshots')
    const { id } = await b.send<{ id: string }>('/incidents', {
      title: b.one('洋口外闸管涌（演示）', 'Piping at the Yangkou sluice (demo)'), category: 'natural.flood', place: b.one('如东县洋口镇（演示）', 'Yangkou, Rudong (demo)'), lon: 121.02, lat: 32.55, occurred_at: new Date().toISOString(),
    })
    await b.go(`/incident/${id}/room`)
    await page.getByTestId('incident-scenes').click()
    const dialog = page.getByTestId('scenes-dialog')
    await dialog.getByTestId('scene-camera').selectOption('rd-cam-2')
    await dialog.getByTestId('scene-add').click()
    await expect(dialog.getByTestId('incident-scene').locator('i')).toHaveText('●')
    await dialog.getByTestId('scene-camera').selectOption('rd-cam-1')
    await expect(dialog.getByTestId('scene-cost')).toContainText('MB')
    await b.take('scenes')
    await page.context().close()
  })

  test(`pictures of public opinion: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(300_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/incident')
    const tide = await tideOf(b)
    await b.go(`/incident/${tide}/opinion`)
    await expect(b.page.getByText('巡堤组 3 人在外闸现场查看').first()).toBeVisible()
    await b.take('opinion')
    await b.page.getByRole('button', { name: '关于网传“洋口外闸决口”的说明（演示）' }).click()
    await b.dialog.getByRole('button', { name: b.t('opinion.press.do.release'), exact: true }).click()
    await expect(b.dialog.getByText(b.t('opinion.press.final')).first()).toBeVisible()
    await b.take('statement')
    await b.go(`/incident/${tide}`)
    await b.page.getByRole('main').getByRole('button', { name: b.t('room.more') }).click()
    await b.page.getByRole('button', { name: b.t('incident.do.split'), exact: true }).click()
    await b.dialog.locator('input').first().fill(b.one('闸下村积水', 'Water in the village below the sluice'))
    await b.dialog.getByRole('checkbox', { name: '村口积水到膝盖' }).first().check()
    await b.take('split')
    await b.page.context().close()
  })
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of plans and responses: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(400_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/plan')
    const plans = (await (await b.page.request.get(`${demo.url}/api/v1/plans?limit=50`)).json()) as { items: { id: string; category: string }[] }
    const flood = plans.items.find((p) => p.category === 'natural.flood')!.id
    const orgs = (await (await b.page.request.get(`${demo.url}/api/v1/duty/orgs`)).json()) as { items: { id: string; parent_id: string }[] }
    // A draft that was taken over from it, with two faults.
    const { body } = (await (await b.page.request.get(`${demo.url}/api/v1/plans/${flood}/text`)).json()) as { body: { levels: { conditions: unknown[] }[]; actions: { role_id: string }[] } }
    const draft = await b.send<{ id: string; revision: number }>('/plans', { name: b.one('防汛防台风应急预案修订稿（演示）', 'Flood and typhoon plan, draft (demo)'), name_en: '', kind: 'special', category: 'natural.flood', org_id: orgs.items.find((o) => !o.parent_id)!.id, demo: true })
    body.levels[0]!.conditions = []
    body.actions[3]!.role_id = ''
    const kept = await b.page.request.put(`${demo.url}/api/v1/plans/${draft.id}/text`, { data: { revision: draft.revision, body }, headers: { Origin: demo.url } })
    expect(kept.ok(), await kept.text()).toBe(true)
    await b.go(`/plan/${draft.id}`)
    await expect(b.page.getByLabel(b.t('plan.chapter.title')).first()).toBeVisible()
    await b.take('plan')
    await b.page.getByRole('button', { name: b.t('plan.text.check') }).click()
    await expect(b.page.getByText(b.t('plan.check.grave')).first()).toBeVisible()
    await b.take('plan-check')
    await b.go(`/plan/${flood}?tab=chart`)
    await expect(b.page.locator('main svg, main img').first()).toBeVisible()
    await b.take('plan-chart')
    const tide = await tideOf(b)
    await b.go(`/incident/${tide}/room`)
    await expect(b.page.getByTestId('map-force').first()).toBeVisible()
    await b.take('room')
    await b.page.getByRole('button', { name: b.t('response.start.title') }).first().click()
    await expect(b.dialog.getByText(b.one('南通市防汛防台风应急预案（演示）', 'Nantong flood and typhoon plan (demonstration)')).first()).toBeVisible()
    await b.take('proposal')
    const { responses } = (await (await b.page.request.get(`${demo.url}/api/v1/incidents/${tide}/responses`)).json()) as { responses: { id: string; seats: { id: string; members: { person_id: string }[] }[] }[] }
    const seat = responses[0]!.seats.find((x) => x.members?.some((m) => m.person_id))!
    const link = await b.send<{ address: string }>(`/responses/${responses[0]!.id}/seats/${seat.id}/link`, { person_id: seat.members.find((m) => m.person_id)!.person_id })
    await b.page.setViewportSize({ width: 390, height: 760 })
    await b.page.goto(new URL(link.address, demo.url).href)
    await expect(b.page.getByRole('article').first()).toBeVisible()
    await b.take('tasks-phone')
    await b.page.context().close()
    const { rudong } = JSON.parse(await readFile(path.join(demo.data, 'logins.json'), 'utf8')) as { rudong: string }
    const county = await Book.open(browser, demo, language, { user: 'rudong', password: rudong }, '/more/handover')
    await expect(county.button('handover.log.open')).toBeVisible()
    await county.take('open-book')
    await county.page.context().close()
  })
}
