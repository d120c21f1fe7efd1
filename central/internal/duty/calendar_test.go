package duty

import (
	"strings"
	"testing"
	"time"
)

// What the General Office of the State Council gave notice of: days off, with the weekends that are joined to
// them (与周末连休), and weekend days of work. Ranges are inclusive.
var notices = map[int]struct{ off, work string }{
	2022: {"01-01..01-03 01-31..02-06 04-03..04-05 04-30..05-04 06-03..06-05 09-10..09-12 10-01..10-07 12-31", "01-29 01-30 04-02 04-24 05-07 10-08 10-09"},
	2023: {"01-01..01-02 01-21..01-27 04-05 04-29..05-03 06-22..06-24 09-29..10-06 12-30..12-31", "01-28 01-29 04-23 05-06 06-25 10-07 10-08"},
	2024: {"01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-08..06-10 09-15..09-17 10-01..10-07", "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12"},
	2025: {"01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08", "01-26 02-08 04-27 09-28 10-11"},
	2026: {"01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07", "01-04 02-14 02-28 05-09 09-20 10-10"},
}

func TestEveryDayOfFiveYearsHasTheClassOfTheNotice(t *testing.T) {
	c := NewCalendar(nil, nil)
	for year, notice := range notices {
		want := map[Day]Class{}
		prefix := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")
		for part := range strings.FieldsSeq(notice.off) {
			from, to, ok := strings.Cut(part, "..")
			if !ok {
				to = from
			}
			for d := Day(prefix + from); d <= Day(prefix+to); d = d.Add(1) {
				want[d] = Holiday
			}
		}
		for part := range strings.FieldsSeq(notice.work) {
			want[Day(prefix+part)] = Makeup
		}
		for d := Day(prefix + "01-01"); d.Year() == year; d = d.Add(1) {
			class, ok := want[d]
			if !ok {
				class = Workday
				if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
					class = Weekend
				}
			}
			if got := c.Look(d); got.Class != class || (ok && got.Source != tableSource) {
				t.Errorf("%s: got %+v, want %s", d, got, class)
			}
		}
	}
}

func TestAdministratorsAndOrdersSpeakOverTheTable(t *testing.T) {
	own := []NamedDay{{Day: "2027-02-08", Class: Holiday, Name: "春节", Source: "国办发明电〔2026〕×号"}}
	ended := time.Now()
	c := NewCalendar(own, []Period{
		{Name: "防汛", Order: "通防指〔2026〕3号", From: "2026-07-01", To: "2026-07-10"},
		{Name: "撤销", Order: "x", From: "2026-08-01", To: "2026-08-10", CancelledAt: &ended},
	})
	if got := c.Look("2027-02-08"); got.Class != Holiday || got.Source != own[0].Source || !got.needsLeader() {
		t.Errorf("got %+v", got)
	}
	if got := c.Look("2026-07-04"); got.Class != Special || got.Plain != Weekend || got.Period != "防汛（通防指〔2026〕3号）" || !got.needsLeader() {
		t.Errorf("got %+v", got)
	}
	if got := c.Look("2026-08-01"); got.Class != Weekend || got.needsLeader() {
		t.Errorf("a cancelled period: got %+v", got)
	}
	if NewCalendar(nil, nil).Knows(2027) || !c.Knows(2027) || !c.Knows(2026) {
		t.Error("which years are known is wrong")
	}
}
