package document

import (
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/fengsui/fengsui/central/internal/duty"
)

// Calendar is a calendar of shifts to which programs subscribe (iCalendar, RFC 5545). Times are UTC;
// subscribers are asked to look again every hour.
func Calendar(name string, made time.Time, entries []duty.Appointment) []byte {
	cal := ics.NewCalendarFor("Fengsui")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(name)
	cal.SetRefreshInterval("PT1H")
	for _, a := range entries {
		e := cal.AddEvent(a.ID)
		e.SetDtStampTime(made)
		e.SetSummary(a.Summary)
		e.SetStartAt(a.From)
		e.SetEndAt(a.To)
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows))
}
