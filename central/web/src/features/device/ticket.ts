// The ticket in the address of an enrolment QR code. It stands behind the #, so it never leaves the browser;
// whoever made the link may be anybody, so nothing of it is taken that could be more than it should be.

export interface Ticket {
  edge: string
  token: string
  ca: string
  until: Date
}

export function ticketOf(hash: string): Ticket | undefined {
  const q = new URLSearchParams(hash.replace(/^#/, ''))
  const [edge, token, ca] = [q.get('edge') ?? '', q.get('token') ?? '', q.get('ca') ?? '']
  const until = new Date(q.get('until') ?? '')
  const good = /^[a-z0-9][a-z0-9_-]{0,63}$/.test(edge) && /^[0-9a-f]{40}$/.test(token) && /^[0-9a-f]{64}$/.test(ca)
  return good && Number.isFinite(until.getTime()) ? { edge, token, ca, until } : undefined
}

// commandOf is what is typed on the terminal; the centre says the same (device.Enrolment.Command).
export function commandOf(ticket: Ticket, server: string): string {
  return `sudo -u fengsui-edge fengsui-edge enrol --server ${server} --ca-sha256 ${ticket.ca} --token ${ticket.token}`
}
