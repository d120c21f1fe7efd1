package maintenance

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
)

func utc(text string) time.Time {
	t, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return t
}

// night is Monday and Thursday at 23:30 in China for two hours, in December 2026: 15:30 to 17:30 UTC.
func night() Window {
	return Window{
		Target: Device, Subject: "level", From: utc("2026-12-01 00:00:00"), To: utc("2026-12-31 00:00:00"),
		Weekly: &Weekly{Days: []int{1, 4}, At: "23:30", Minutes: 120},
	}
}

func TestWeeklyTimesFollowTheClockOfChina(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-20 00:00:00": "2026-12-03 15:30:00", // before all: the first Thursday
		"2026-12-03 15:29:59": "2026-12-03 15:30:00",
		"2026-12-03 15:30:00": "2026-12-03 15:30:00",
		"2026-12-03 17:29:59": "2026-12-03 15:30:00", // past midnight there
		"2026-12-03 17:30:00": "2026-12-07 15:30:00",
		"2026-12-28 17:30:00": "", // the next Thursday is New Year's Eve, in China already beyond the end
	} {
		w := night()
		span, ok := w.next(utc(now))
		if got := span.From; ok != (want != "") || (ok && !got.Equal(utc(want))) {
			t.Errorf("at %s: %v, %v; want %s", now, got, ok, want)
		}
	}
	w := night()
	end := utc("2026-12-03 17:30:00")
	w.Changed = &Span{utc("2026-12-03 15:30:00"), utc("2026-12-03 15:45:00")}
	if got := w.at(utc("2026-12-03 16:00:00")); got.State != Coming || !got.Span.From.Equal(utc("2026-12-07 15:30:00")) {
		t.Errorf("ended early: %s %+v", got.State, got.Span)
	}
	if got := w.at(utc("2026-12-03 15:44:59")); got.State != Now || !got.Span.To.Equal(w.Changed.To) {
		t.Errorf("before it was ended: %s %+v", got.State, got.Span)
	}
	w.Changed.To = utc("2026-12-08 00:00:00") // beyond the beginning of the next
	if got := w.at(utc("2026-12-07 15:45:00")); got.State != Now || !got.Span.To.Equal(w.Changed.To) {
		t.Errorf("extended: %s %+v", got.State, got.Span)
	}
	if got := w.at(utc("2026-12-08 00:00:00")); got.State != Coming || !got.Span.From.Equal(utc("2026-12-10 15:30:00")) {
		t.Errorf("after the extended time: %s %+v", got.State, got.Span)
	}
	w.EndedAt = &end
	if got := w.at(end); got.State != Past || got.Span != nil {
		t.Errorf("cancelled: %s %+v", got.State, got.Span)
	}
}

func TestTimesAreBounded(t *testing.T) {
	l, now := Limits{MaxHours: 72, RepeatDays: 366, BreakHours: 12}, utc("2026-12-01 00:00:00")
	once := func(from, to time.Duration) Window { return Window{From: now.Add(from), To: now.Add(to)} }
	weekly := func(change func(*Window)) Window {
		w := night()
		change(&w)
		return w
	}
	for name, c := range map[string]struct {
		w  Window
		ok bool
	}{
		"two hours":         {once(0, 2*time.Hour), true},
		"72 hours":          {once(time.Hour, 73*time.Hour), true},
		"too long":          {once(0, 72*time.Hour+1), false},
		"backwards":         {once(time.Hour, 0), false},
		"over already":      {once(-2*time.Hour, 0), false},
		"weekly":            {weekly(func(*Window) {}), true},
		"weekly forever":    {weekly(func(w *Window) { w.To = w.From.AddDate(1, 0, 2) }), false},
		"no days":           {weekly(func(w *Window) { w.Weekly.Days = nil }), false},
		"day 8":             {weekly(func(w *Window) { w.Weekly.Days = []int{8} }), false},
		"no such time":      {weekly(func(w *Window) { w.Weekly.At = "24:00" }), false},
		"short time":        {weekly(func(w *Window) { w.Weekly.At = "9:00" }), false},
		"four days":         {weekly(func(w *Window) { w.Weekly.Minutes = 4 * 24 * 60 }), false},
		"every day all day": {weekly(func(w *Window) { w.Weekly.Days, w.Weekly.Minutes = []int{1, 2, 3, 4, 5, 6, 7}, 1440 }), false},
		"overlapping":       {weekly(func(w *Window) { w.Weekly.Days, w.Weekly.Minutes = []int{7, 1}, 1500 }), false},
		"a short break":     {weekly(func(w *Window) { w.Weekly.Days, w.Weekly.Minutes = []int{1, 2}, 721 }), false},
		"a break":           {weekly(func(w *Window) { w.Weekly.Days, w.Weekly.Minutes = []int{1, 2}, 720 }), true},
		"none between":      {weekly(func(w *Window) { w.To = w.From.Add(time.Hour) }), false},
	} {
		if err := c.w.check(l, now); (err == nil) != c.ok || (err != nil && errs.KindOf(err) != errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWindowLiesOverWhatItNamesOnly(t *testing.T) {
	gas := device.Device{ID: "gas-1", Parent: "edge", Class: "gas", Division: "320623"}
	for _, c := range []struct {
		w    Window
		rule string
		want bool
	}{
		{Window{Target: Device, Subject: "gas-1"}, "", true},
		{Window{Target: Device, Subject: "gas-2"}, "", false},
		{Window{Target: Terminal, Subject: "edge"}, "", true},
		{Window{Target: Class, Subject: "gas", Division: "320600"}, "", true},
		{Window{Target: Class, Subject: "gas", Division: "320681"}, "", false},
		{Window{Target: Class, Subject: "rain", Division: "320600"}, "", false},
		{Window{Target: Rule, Subject: "leak", Division: "320600"}, "leak", true},
		{Window{Target: Rule, Subject: "leak", Division: "320600"}, "", false}, // not over the device itself
		{Window{Target: Rule, Subject: "leak", Division: "320681"}, "leak", false},
		{Window{}, "leak", false},
	} {
		if got := c.w.over(&gas, c.rule); got != c.want {
			t.Errorf("%+v over rule %q: %v", c.w, c.rule, got)
		}
	}
	city := Window{Division: "320600"}
	for code, want := range map[string]bool{"320600": true, "320000": true, "320623": true, "320500": false, "": false} {
		if got := city.VisibleTo(actor.Actor{Kind: actor.User, DivisionCode: code}); got != want {
			t.Errorf("seen from %q: %v", code, got)
		}
	}
}
