// What a plan still lacks before it is started or proposed; the word of the message.
export interface Order {
  approved: boolean // the plan has an approved version
  asks: boolean // it is proposed to its owner
  emergency: boolean
  order: string
  reason: string
}

const least = 6 // letters of a reason, as the centre wants

export function lacking(o: Order): '' | 'unapproved' | 'order' | 'reason' {
  if (!o.approved && (o.asks || !o.emergency)) return 'unapproved'
  if (!o.asks && !o.order.trim()) return 'order'
  return (o.asks || o.emergency) && [...o.reason.trim()].length < least ? 'reason' : ''
}
