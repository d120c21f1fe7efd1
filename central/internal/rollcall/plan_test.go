package rollcall

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/event"
)

func TestDrawnCallsLieApartAndInTheirWindow(t *testing.T) {
	p := Plan{Name: "夜间抽查", Kind: Random, Active: true, Windows: []Window{{From: "22:00", To: "06:00", Count: 3}, {From: "09:00", To: "10:00", Count: 4}}, Tiers: []deadline.To{deadline.Officer}, Minutes: 10}
	if err := p.validate(); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 26, 0, 0, 0, 0, event.China())
	seen := map[int64]int{}
	for range 500 {
		list := p.draw("2026-11-26", event.China(), day, nil, chance)
		if len(list) != 7 {
			t.Fatalf("%d calls: %v", len(list), list)
		}
		for i, at := range list {
			night := !at.Before(day.Add(22*time.Hour)) && at.Before(day.Add(30*time.Hour))
			morning := !at.Before(day.Add(9*time.Hour)) && at.Before(day.Add(10*time.Hour))
			if night == morning || i > 0 && at.Sub(list[i-1]) < gap {
				t.Fatalf("a call at %s", at)
			}
		}
		seen[list[4].Unix()/1800]++
	}
	if len(seen) < 8 {
		t.Errorf("the first call of the night falls into %d half hours of 500 days", len(seen))
	}
}

func TestADrawKeepsAwayFromOthersAndFromWhatIsOver(t *testing.T) {
	p := Plan{Kind: Random, Active: true, Windows: []Window{{From: "09:00", To: "10:00", Count: 4}}}
	at := func(clock string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-26 "+clock, event.China())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range 100 {
		list := p.draw("2026-11-26", event.China(), at("09:20"), []time.Time{at("09:40")}, chance)
		for _, one := range list {
			if one.Before(at("09:20")) || one.Sub(at("09:40")).Abs() < gap {
				t.Fatalf("a call at %s", one)
			}
		}
	}
	if list := p.draw("2026-11-26", event.China(), at("10:00"), nil, chance); len(list) != 0 {
		t.Errorf("after the window: %v", list)
	}
	p.Days = []int{5}
	if list := p.draw("2026-11-26", event.China(), at("08:00"), nil, chance); len(list) != 0 { // a Thursday
		t.Errorf("on another day: %v", list)
	}
	fixed := Plan{Kind: Fixed, Active: true, Windows: []Window{{From: "08:00"}, {From: "20:00"}}}
	if list := fixed.draw("2026-11-26", event.China(), at("09:00"), nil, chance); len(list) != 1 || !list[0].Equal(at("20:00")) {
		t.Errorf("fixed: %v", list)
	}
}

func TestPointsAreGivenOnce(t *testing.T) {
	due := time.Date(2026, 11, 26, 4, 10, 0, 0, time.UTC)
	p := Post{State: Waiting, At: due.Add(-10 * time.Minute), DueAt: due, Expected: []Who{{"p1", "甲"}}}
	m := DefaultMarks()
	for _, c := range []struct {
		what   string
		post   Post
		how    How
		who    Who
		at     time.Time
		state  State
		points int
		roster bool
		fails  bool
	}{
		{"in time", p, Console, Who{"p1", "甲"}, due, Answered, 100, true, false},
		{"a substitute", p, Console, Who{"p2", "乙"}, due, Answered, 100, false, false},
		{"somebody without a person", p, Console, Who{"", "丙"}, due, Answered, 100, false, false},
		{"by telephone", p, Voice, Who{"p1", "甲"}, due, Answered, 80, true, false},
		{"late", p.miss(m), Phone, Who{"p1", "甲"}, due.Add(time.Second), Late, 50, true, false},
		{"by telephone and late", p.miss(m), Voice, Who{"p1", "甲"}, due.Add(time.Hour), Late, 50, true, false},
		{"too late", p.miss(m), Console, Who{"p1", "甲"}, due.Add(3 * time.Hour), Missed, 0, false, true},
	} {
		got, err := c.post.answer(c.how, c.who, m, c.at)
		if (err != nil) != c.fails || got.State != c.state || *got.Points != c.points || got.Rostered != c.roster {
			t.Errorf("%s: %+v, %v", c.what, got, err)
		}
		if err == nil {
			if _, err := got.answer(Console, Who{}, m, c.at); err == nil {
				t.Errorf("%s: answered twice", c.what)
			}
			if again := got.miss(m); again.State != got.State || *again.Points != *got.Points {
				t.Errorf("%s: missed after it was answered", c.what)
			}
		}
	}
}

func FuzzDevice(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64)")
	f.Add("\x00\xff\n手机")
	f.Fuzz(func(t *testing.T, agent string) {
		if got := device(agent); len([]rune(got)) > 200 {
			t.Errorf("%q", got)
		}
	})
}
