package duty

// What is published. Subject is the id of the thing, Data the thing as the API shows it, without any
// number: the audit trail cannot forget one. The live view tells browsers of every kind that begins so.
const (
	EventKind          = "duty."
	EventDesk          = "duty.desk_changed"
	EventPost          = "duty.post_changed"
	EventRule          = "duty.rule_changed"
	EventRuleDropped   = "duty.rule_dropped"
	EventPerson        = "duty.person_changed"
	EventVerified      = "duty.person_verified"
	EventLeave         = "duty.leave_added"
	EventLeaveDropped  = "duty.leave_dropped"
	EventDay           = "duty.day_changed"
	EventDayDropped    = "duty.day_dropped"
	EventPeriod        = "duty.period_declared"
	EventPeriodEnded   = "duty.period_cancelled"
	EventCells         = "duty.cells_changed"
	EventImported      = "duty.imported"
	EventTemp          = "duty.temp_changed"
	EventTempDropped   = "duty.temp_dropped"
	EventPublished     = "duty.published"
	EventSwapAsked     = "duty.swap_requested"
	EventSwapAgreed    = "duty.swap_agreed"
	EventSwapApproved  = "duty.swap_approved"
	EventSwapRefused   = "duty.swap_refused"
	EventSwapWithdrawn = "duty.swap_withdrawn"
	EventTakeover      = "duty.taken_over"
	EventReturned      = "duty.handed_back"
	EventLink          = "duty.link_made"
	EventLinkRevoked   = "duty.link_revoked"
	// EventHandOff is ephemeral: shifts have begun or ended.
	EventHandOff = "duty.hand_off"
)
