// The city asks the county into a consultation: its desk is told on any page, and answers. Who declines is told to the chair.
import type { Browser, Page } from '@playwright/test'
import { desk, enter, expect, test, type Demo, type Login } from './demo'

async function at(browser: Browser, demo: Demo, who: Login, path: string): Promise<Page> {
  const page = await desk(browser)
  await enter(page, demo, who, path)
  return page
}

test('an invitation reaches the desk that was asked, until it is answered', async ({ browser, demo }) => {
  const chair = await at(browser, demo, demo.duty, '/video/consults')
  const title = '堤防巡查会商'
  await chair.getByTestId('consult-title').fill(title)
  const [opened] = await Promise.all([chair.waitForResponse((r) => r.url().endsWith('/consults') && r.request().method() === 'POST'), chair.getByTestId('consult-open').click()])
  const { id } = (await opened.json()) as { id: string }
  await chair.goto(`${demo.url}/consult/${id}`)
  await chair.getByTestId('consult-enter').click()
  await expect(chair.getByTestId('consult')).toHaveAttribute('data-phase', 'in')

  // The county looks at something else, where neither alarms nor people show.
  const county = await at(browser, demo, demo.county, '/video/consults')
  const rail = county.getByRole('navigation').getByRole('link', { name: '视频' })
  const count = async () => Number(/(\d+) 场会商请您进入/.exec((await rail.getAttribute('title')) ?? '')?.[1] ?? 0)
  // The demonstration asks everybody into a room of its own.
  await expect.poll(count).toBe(1)
  await county.goto(`${demo.url}/plan`)
  await expect.poll(count).toBe(1)

  await chair.getByTestId('consult-invite').click()
  const dialog = chair.getByRole('dialog')
  await dialog.getByRole('combobox').first().selectOption({ label: '如东县应急管理局' })
  await dialog.getByRole('button', { name: '邀请', exact: true }).click()
  const asked = dialog.getByRole('listitem').filter({ hasText: '如东县应急管理局' })
  await expect(asked).toContainText('待应答')
  await expect.poll(count).toBe(2)
  await expect.poll(() => county.title()).toContain('【2 场会商邀请】')

  // On the desk it is a row with two buttons; declining takes it away and is told, by name, to who sits in the room.
  const row = (page: Page) => page.getByRole('region', { name: '现在需要我' }).getByRole('listitem').filter({ hasText: title })
  await county.goto(demo.url)
  await expect(row(county)).toContainText('1 人在场')
  // It answers for the whole desk: one press, and a double click, decline nothing.
  await row(county).getByTestId('room-decline').dblclick()
  await expect(row(county).getByTestId('room-decline')).toHaveText('确认谢绝')
  await expect(asked).toContainText('待应答')
  await row(county).getByTestId('room-decline').click()
  await expect(row(county)).toHaveCount(0)
  await expect(county.getByRole('status').filter({ hasText: '已谢绝' })).toContainText('仍可从 视频 → 会商 进入')
  await expect.poll(count).toBe(1)
  await expect(asked).toContainText('谢绝')
  await expect(chair.getByTestId('consult-absent')).toContainText('许超 谢绝')

  // Asked once more it is there again, and entering answers it.
  await asked.getByRole('button', { name: '再次邀请' }).click()
  await expect(row(county)).toHaveCount(1)
  const [room] = await Promise.all([county.context().waitForEvent('page'), row(county).getByRole('button', { name: '进入' }).click()])
  await room.getByTestId('consult-enter').click()
  await expect(room.getByTestId('consult')).toHaveAttribute('data-phase', 'in')
  await expect(row(county)).toHaveCount(0)
  await expect(asked).toContainText('进入')
  await expect(chair.getByTestId('consult-absent')).toHaveCount(0)

  await chair.keyboard.press('Escape')
  await chair.getByTestId('consult-end').click()
  await chair.getByTestId('consult-end-sure').click()
  await expect(room.getByTestId('consult')).toHaveAttribute('data-phase', 'ended')
})
