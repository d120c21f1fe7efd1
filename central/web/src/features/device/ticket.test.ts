import { describe, expect, it } from 'vitest'
import { commandOf, ticketOf } from './ticket'

const token = 'ab'.repeat(20)
const ca = 'cd'.repeat(32)
const until = '2026-11-26T08:00:00Z'

describe('the ticket of an enrolment link', () => {
  it('becomes the command', () => {
    const ticket = ticketOf(`#edge=edge-1&token=${token}&ca=${ca}&until=${encodeURIComponent(until)}`)
    expect(ticket?.until.toISOString()).toBe('2026-11-26T08:00:00.000Z')
    expect(ticket && commandOf(ticket, 'https://c')).toBe(`sudo -u fengsui-edge fengsui-edge enrol --server https://c --ca-sha256 ${ca} --token ${token}`)
  })
  it('is none when a part of it is missing or more than it should be', () => {
    for (const hash of ['', '#', `#edge=e&token=${token}&ca=${ca}`, `#edge=e;reboot&token=${token}&ca=${ca}&until=${until}`,
      `#edge=e&token=$(reboot)&ca=${ca}&until=${until}`, `#edge=e&token=${token}&ca=${ca}%0A&until=${until}`, `#edge=e&token=${token}&ca=${ca}&until=soon`]) {
      expect(ticketOf(hash)).toBeUndefined()
    }
  })
})
