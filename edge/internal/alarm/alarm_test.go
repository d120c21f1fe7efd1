package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// box is a real outbox with its collector.
func box(t *testing.T, file string) (*outbox.Box, *outbox.Collector) {
	t.Helper()
	b, err := outbox.Open(t.Context(), outbox.Options{File: file, GraceSize: 1 << 20, Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, &outbox.Collector{Box: b, Boot: "boot", Every: time.Hour, Now: func() (time.Time, bool) { return time.Unix(100, 0), true }, Log: slog.New(slog.DiscardHandler)}
}

func watch(t *testing.T, b *outbox.Box, o Outbox) *Watch {
	t.Helper()
	return watchBy(t, []rule.Rule{{
		ID: "high", Name: "高", NameEN: "High", Class: "water_level", Property: "water_level", Condition: rule.Above,
		Limit: 5.2, Clear: 5.1, Level: 3, Source: "test",
	}}, b, o)
}

// watchBy is a terminal with a gauge and rules, at second 100.
func watchBy(t *testing.T, rules []rule.Rule, b *outbox.Box, o Outbox) *Watch {
	t.Helper()
	w := &Watch{
		Rules: rules, Outbox: o, Now: func() (time.Time, bool) { return time.Unix(100, 0), true }, Log: slog.New(slog.DiscardHandler),
		Devices: []wire.SensorDeclared{{ID: "gauge", Class: "water_level", Series: []wire.SeriesDeclared{{Property: "water_level"}, {Property: "flow"}}}},
	}
	if err := w.Load(t.Context(), b.Get); err != nil {
		t.Fatal(err)
	}
	return w
}

func level(second int64, v float64) []wire.Reading {
	return []wire.Reading{{Device: "gauge", Property: "water_level", At: second * 1000, Value: v}, {Device: "other", Property: "water_level", At: second * 1000, Value: 9}}
}

// alarms are the alarm events that the outbox holds.
func alarms(t *testing.T, b *outbox.Box) (out []wire.AlarmEvent) {
	t.Helper()
	from := uint64(0)
	for {
		block, err := b.Next(t.Context(), wire.LaneAlarm, from, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		if block == nil {
			return out
		}
		batch, err := wire.Decode(block.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range batch.Events {
			var a wire.AlarmEvent
			if e.Kind != wire.EventAlarm || e.Device != "gauge" || json.Unmarshal(e.Data, &a) != nil {
				t.Fatalf("event %+v", e)
			}
			out = append(out, a)
		}
		from = block.To + 1
	}
}

func TestAlarmIsDurableWhenTakeReturnsAndGoesOnAfterARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.db")
	b, c := box(t, file)
	w := watch(t, b, c)
	w.Take(t.Context(), level(10, 5.0))
	w.Take(t.Context(), level(11, 5.3))
	if got := alarms(t, b); len(got) != 1 || !got[0].Active || got[0].Rule != "high" || got[0].Level != 3 || got[0].Value != 5.3 || got[0].Limit != 5.2 {
		t.Fatalf("got %+v", got)
	}
	b.Close()
	b, c = box(t, file)
	w = watch(t, b, c)
	w.Take(t.Context(), level(12, 5.4))
	if got := alarms(t, b); len(got) != 1 {
		t.Fatalf("the alarm was raised again: %+v", got)
	}
	w.Take(t.Context(), level(13, 5.0))
	if got := alarms(t, b); len(got) != 2 || got[1].Active {
		t.Errorf("got %+v", got)
	}
}

// full is an outbox that takes nothing for a while.
type full struct {
	Outbox
	refuse int
}

func (f *full) Event(ctx context.Context, events []wire.Event, keep map[string][]byte) error {
	if f.refuse > 0 {
		f.refuse--
		return errors.New("disk is full")
	}
	return f.Outbox.Event(ctx, events, keep)
}

func TestAlarmThatTheDiskDidNotTakeIsTriedAgain(t *testing.T) {
	b, c := box(t, filepath.Join(t.TempDir(), "outbox.db"))
	w := watch(t, b, &full{Outbox: c, refuse: 2})
	w.Take(t.Context(), level(10, 5.3))
	w.Take(t.Context(), level(11, 5.3))
	w.Take(t.Context(), level(12, 5.0))
	if got := alarms(t, b); len(got) != 2 || !got[0].Active || got[1].Active {
		t.Errorf("got %+v", got)
	}
}

func TestReadingsOfAWrongClockDoNotBlindTheRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox.db")
	b, c := box(t, file)
	w := watch(t, b, c)
	w.Take(t.Context(), level(1_000_000, 5.3)) // years ahead
	w = watch(t, b, c)                         // a restart, by then at second 100
	w.Take(t.Context(), level(101, 5.0))
	if got := alarms(t, b); len(got) != 2 || got[1].Active {
		t.Errorf("got %+v", got)
	}
	w.Take(t.Context(), level(2_000_000, 5.3))
	w.Shift(-1_999_000 * time.Second)
	w.Take(t.Context(), level(1001, 5.0))
	if got := alarms(t, b); len(got) != 4 || got[3].Active {
		t.Errorf("got %+v", got)
	}
	w.Take(t.Context(), level(2_000_000, 5.3)) // and a clock that was set back without a word
	w.Tick(t.Context())
	w.Take(t.Context(), level(101, 5.0))
	if got := alarms(t, b); len(got) != 6 || got[5].Active {
		t.Errorf("got %+v", got)
	}
}

func TestOldNewsRaisesNothingHere(t *testing.T) {
	b, c := box(t, filepath.Join(t.TempDir(), "outbox.db"))
	w := watch(t, b, c)
	w.Take(t.Context(), level(100-601, 9)) // from the memory of a device
	w.Now = func() (time.Time, bool) { return time.Unix(10_000, 0), false }
	if got := alarms(t, b); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	w.Take(t.Context(), level(101, 5.3)) // nobody knows how old that is
	if got := alarms(t, b); len(got) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestExpressionLooksAtARoundAsAWhole(t *testing.T) {
	b, c := box(t, filepath.Join(t.TempDir(), "outbox.db"))
	r := rule.Rule{
		ID: "both", Name: "双", NameEN: "Both", Class: "water_level", Property: "water_level", Condition: rule.Expression,
		Expression: "water_level > 5 and flow > 100", Level: 2, Source: "test",
	}
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	w := watchBy(t, []rule.Rule{r}, b, c)
	round := func(second int64, level, flow float64) {
		w.Take(t.Context(), []wire.Reading{
			{Device: "gauge", Property: "water_level", At: second * 1000, Value: level}, {Device: "gauge", Property: "flow", At: second * 1000, Value: flow},
		})
	}
	round(10, 4, 150)
	round(11, 6, 50) // never both
	if got := alarms(t, b); len(got) != 0 {
		t.Fatalf("got %+v", got)
	}
	round(12, 6.5, 150)
	round(13, 6, 50)
	if got := alarms(t, b); len(got) != 2 || !got[0].Active || got[0].Value != 6.5 || got[1].Active {
		t.Errorf("got %+v", got)
	}
}

func TestSilenceIsAnAlarmUntilTheDeviceSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "outbox.db")
		b, c := box(t, file)
		rules := []rule.Rule{{
			ID: "quiet", Name: "静", NameEN: "Quiet", Class: "water_level", Property: "water_level", Condition: rule.Silent,
			For: rule.Duration(time.Minute), Level: 4, Source: "test",
		}}
		w := watchBy(t, rules, b, c)
		pass := func(d time.Duration) {
			for range int(d / time.Second) {
				time.Sleep(time.Second) // of the test's own clock
				w.Tick(t.Context())
			}
		}
		pass(50 * time.Second)
		w.Take(t.Context(), []wire.Reading{{Device: "gauge", Property: "flow", Quality: wire.Bad}}) // any word counts
		pass(50 * time.Second)
		if got := alarms(t, b); len(got) != 0 {
			t.Fatalf("a device that speaks, badly, is silent: %+v", got)
		}
		w = watchBy(t, rules, b, c) // a restart: nobody has listened
		pass(59 * time.Second)
		if got := alarms(t, b); len(got) != 0 {
			t.Fatalf("silent at once after a restart: %+v", got)
		}
		pass(2 * time.Second)
		if got := alarms(t, b); len(got) != 1 || !got[0].Active || got[0].Limit != 60 {
			t.Fatalf("got %+v", got)
		}
		w = watchBy(t, rules, b, c)
		pass(2 * time.Minute)
		if got := alarms(t, b); len(got) != 1 {
			t.Fatalf("raised again after a restart: %+v", got)
		}
		w.Take(t.Context(), level(101, 5))
		if got := alarms(t, b); len(got) != 2 || got[1].Active {
			t.Errorf("got %+v", got)
		}
	})
}

func TestAlarmOfARuleThatIsGoneEnds(t *testing.T) {
	b, c := box(t, filepath.Join(t.TempDir(), "outbox.db"))
	w := watch(t, b, c)
	w.Take(t.Context(), level(10, 5.3))
	w = watchBy(t, nil, b, c)
	w.Take(t.Context(), nil)
	if got := alarms(t, b); len(got) != 2 || got[1].Active || !got[1].Gone || got[0].Gone || got[1].Rule != "high" || got[1].Property != "water_level" {
		t.Errorf("got %+v", got)
	}
}

// switched writes down what alarms did to outputs.
type switched struct{ said []string }

func (s *switched) Hold(alarm string, do rule.Action) {
	s.said = append(s.said, alarm+" holds "+do.Device+"/"+do.Output)
}
func (s *switched) Release(alarm string) { s.said = append(s.said, alarm+" has ended") }

func TestAlarmSwitchesOutputsWhenItIsAboutNow(t *testing.T) {
	b, c := box(t, filepath.Join(t.TempDir(), "outbox.db"))
	r := rule.Rule{
		ID: "high", Name: "高", NameEN: "High", Class: "water_level", Property: "water_level", Condition: rule.Above,
		Limit: 5.2, Clear: 5.1, Level: 3, Source: "test", Actions: []rule.Action{{Device: "horn", Output: "siren"}},
	}
	w := watchBy(t, []rule.Rule{r}, b, c)
	var said switched
	w.Outputs = &said
	const key = "high gauge water_level"
	w.Take(t.Context(), level(101, 5.3))
	if !w.Wants(key, "horn", "siren") || w.Wants(key, "horn", "lamp") || w.Wants("other gauge water_level", "horn", "siren") {
		t.Error("does not know what the alarm wants")
	}
	w.Take(t.Context(), level(102, 5))
	if w.Wants(key, "horn", "siren") {
		t.Error("an alarm that has ended wants something")
	}
	w.Now = func() (time.Time, bool) { return time.Unix(5000, 0), false }
	w.Take(t.Context(), level(103, 5.3)) // an alarm, but nobody can say of when
	if got := alarms(t, b); len(got) != 3 {
		t.Errorf("alarms are %+v", got)
	}
	if want := []string{key + " holds horn/siren", key + " has ended"}; !slices.Equal(said.said, want) {
		t.Errorf("got %q, want %q", said.said, want)
	}
}

func TestExceptionsHoldHereAndEndByThemselves(t *testing.T) {
	b, c := box(t, filepath.Join(t.TempDir(), "outbox.db"))
	until, higher, lower := time.Unix(200, 0), 6.0, 5.9
	rules := []rule.Rule{{
		ID: "high", Name: "高", NameEN: "High", Class: "water_level", Property: "water_level", Condition: rule.Above,
		Limit: 5.2, Clear: 5.1, Level: 3, Source: "test",
		Exceptions: map[string]rule.Exception{"gauge": {Limit: &higher, Clear: &lower, Until: &until}, "elsewhere": {Off: true}},
	}}
	w := watchBy(t, rules, b, c)
	now := time.Unix(100, 0)
	w.Now = func() (time.Time, bool) { return now, true }
	w.Take(t.Context(), level(101, 5.5))
	if got := alarms(t, b); len(got) != 0 {
		t.Fatalf("the exception does not hold: %+v", got)
	}
	now = until
	w.Take(t.Context(), level(201, 5.5))
	if got := alarms(t, b); len(got) != 1 || got[0].Limit != 5.2 {
		t.Fatalf("the exception does not end: %+v", got)
	}
	rules[0].Exceptions["gauge"] = rule.Exception{Off: true}
	w = watchBy(t, rules, b, c) // a configuration came that switches the rule off
	w.Take(t.Context(), level(202, 5.6))
	if got := alarms(t, b); len(got) != 2 || got[1].Active {
		t.Errorf("a rule that is off has an alarm: %+v", got)
	}
}
