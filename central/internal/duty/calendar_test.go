package duty

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/6tail/lunar-go/calendar"
)

// What the General Office of the State Council gave notice of, read by github.com/NateScarlet/holiday-cn (commit
// d4e53bf2) from gov.cn for 2007 to 2021: days off, and weekend days of work. Ranges are inclusive. A notice of 2014 or
// later that says 与周末连休 or gives a day off for another names single days; the weekend days beside them belong to the
// holiday (see joined).
var notices = map[int]struct{ off, work string }{
	2007: {"01-01..01-03 02-18..02-24 05-01..05-07 10-01..10-07 12-30..12-31", "02-17 02-25 04-28 04-29 09-29 09-30 12-29"},
	2008: {"01-01 02-06..02-12 04-04..04-06 05-01..05-03 06-07..06-09 09-13..09-15 09-29..10-05", "02-02 02-03 05-04 09-27 09-28"},
	2009: {"01-01..01-03 01-25..01-31 04-04..04-06 05-01..05-03 05-28..05-30 10-01..10-08", "01-04 01-24 02-01 05-31 09-27 10-10"},
	2010: {"01-01..01-03 02-13..02-19 04-03..04-05 05-01..05-03 06-14..06-16 09-22..09-24 10-01..10-07", "02-20 02-21 06-12 06-13 09-19 09-25 09-26 10-09"},
	2011: {"01-01..01-03 02-02..02-08 04-03..04-05 04-30..05-02 06-04..06-06 09-10..09-12 10-01..10-07", "01-30 02-12 04-02 10-08 10-09 12-31"},
	2012: {"01-01..01-03 01-22..01-28 04-02..04-04 04-29..05-01 06-22..06-24 09-30..10-07", "01-21 01-29 03-31 04-01 04-28 09-29"},
	2013: {"01-01..01-03 02-09..02-15 04-04..04-06 04-29..05-01 06-10..06-12 09-19..09-21 10-01..10-07", "01-05 01-06 02-16 02-17 04-07 04-27 04-28 06-08 06-09 09-22 09-29 10-12"},
	2014: {"01-01 01-31..02-06 04-05 04-07 05-01..05-03 06-02 09-08 10-01..10-07", "01-26 02-08 05-04 09-28 10-11"},
	2015: {"01-01..01-03 02-18..02-24 04-05..04-06 05-01 06-20 06-22 09-03..09-05 09-27 10-01..10-07", "01-04 02-15 02-28 09-06 10-10"},
	2016: {"01-01 02-07..02-13 04-04 05-01..05-02 06-09..06-11 09-15..09-17 10-01..10-07", "02-06 02-14 06-12 09-18 10-08 10-09"},
	2017: {"01-01..01-02 01-27..02-02 04-02..04-04 05-01 05-28..05-30 10-01..10-08", "01-22 02-04 04-01 05-27 09-30"},
	2018: {"01-01 02-15..02-21 04-05..04-07 04-29..05-01 06-18 09-24 10-01..10-07 12-30..12-31", "02-11 02-24 04-08 04-28 09-29 09-30 12-29"},
	2019: {"01-01 02-04..02-10 04-05 05-01..05-04 06-07 09-13 10-01..10-07", "02-02 02-03 04-28 05-05 09-29 10-12"},
	2020: {"01-01 01-24..02-02 04-04..04-06 05-01..05-05 06-25..06-27 10-01..10-08", "01-19 04-26 05-09 06-28 09-27 10-10"},
	2021: {"01-01..01-03 02-11..02-17 04-03..04-05 05-01..05-05 06-12..06-14 09-19..09-21 10-01..10-07", "02-07 02-20 04-25 05-08 09-18 09-26 10-09"},
	2022: {"01-01..01-03 01-31..02-06 04-03..04-05 04-30..05-04 06-03..06-05 09-10..09-12 10-01..10-07 12-31", "01-29 01-30 04-02 04-24 05-07 10-08 10-09"},
	2023: {"01-01..01-02 01-21..01-27 04-05 04-29..05-03 06-22..06-24 09-29..10-06 12-30..12-31", "01-28 01-29 04-23 05-06 06-25 10-07 10-08"},
	2024: {"01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-08..06-10 09-15..09-17 10-01..10-07", "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12"},
	2025: {"01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08", "01-26 02-08 04-27 09-28 10-11"},
	2026: {"01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07", "01-04 02-14 02-28 05-09 09-20 10-10"},
}

// spread gives the days of ranges in a year.
func spread(year int, ranges string) map[Day]bool {
	prefix := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")
	out := map[Day]bool{}
	for part := range strings.FieldsSeq(ranges) {
		from, to, ok := strings.Cut(part, "..")
		if !ok {
			to = from
		}
		for d := Day(prefix + from); d <= Day(prefix+to); d = d.Add(1) {
			out[d] = true
		}
	}
	return out
}

func TestEveryDayOfTwentyYearsHasTheClassOfTheNotice(t *testing.T) {
	off, work := map[Day]bool{}, map[Day]bool{}
	for year, notice := range notices {
		maps.Copy(off, spread(year, notice.off))
		maps.Copy(work, spread(year, notice.work))
	}
	// joined reports whether a weekend day lies in one run with a day off, with no day of work between.
	joined := func(d Day) bool {
		for _, step := range []int{-1, 1} {
			for e := d; off[e] || e.weekend() && !work[e]; e = e.Add(step) {
				if off[e] {
					return true
				}
			}
		}
		return false
	}
	c := NewCalendar(nil, nil)
	for d := Day("2007-01-01"); d < "2027-01-01"; d = d.Add(1) {
		want := Workday
		switch {
		case off[d] || joined(d):
			want = Holiday
		case work[d]:
			want = Makeup
		case d.weekend():
			want = Weekend
		}
		if got := c.Look(d); got.Class != want || got.Source == "" && (want == Holiday || want == Makeup) {
			t.Errorf("%s: got %+v, want %s", d, got, want)
		}
	}
	for _, n := range append(c.Year(2007), c.Year(2026)...) {
		if n.Unverified {
			t.Errorf("%+v was compared with its notice", n)
		}
	}
}

// Of the years before, the notices were not found: what is known of them is the law, 全国年节及纪念日放假办法 as of
// 1999 (国务院令第270号), with three days each of 春节 (from the first of the first month of the moon), 劳动节 and 国庆节,
// and that a day of work in return is a day of a weekend. The table says that it is unverified.
func TestYearsWithoutANoticeKeepTheLawAndSaySo(t *testing.T) {
	c := NewCalendar(nil, nil)
	for year := 2002; year < 2007; year++ {
		spring := calendar.NewLunarFromYmd(year, 1, 1).GetSolar()
		first := Day(spring.ToYmd())
		by := spread(year, "01-01 05-01..05-03 10-01..10-03")
		by[first], by[first.Add(1)], by[first.Add(2)] = true, true, true
		for d := range by {
			if got := c.Look(d); got.Class != Holiday {
				t.Errorf("%s is a holiday by law, got %+v", d, got)
			}
		}
		free, worked := 0, 0
		for _, n := range c.Year(year) {
			switch {
			case !n.Unverified:
				t.Errorf("%+v was compared with nothing", n)
			case n.Class == Makeup && !n.Day.weekend():
				t.Errorf("%+v is worked anyway", n)
			case n.Class == Makeup:
				worked++
			case !n.Day.weekend():
				free++
			}
		}
		if free == 0 || worked == 0 || !c.Knows(year) {
			t.Errorf("%d: %d days off, %d worked", year, free, worked)
		}
	}
	if c.Knows(2001) { // of which the table has the two days that were worked for the next year
		t.Error("2001 is not known")
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
