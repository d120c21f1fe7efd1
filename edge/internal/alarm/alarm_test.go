package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
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
	w := &Watch{
		Rules: []rule.Rule{{
			ID: "high", Name: "高", NameEN: "High", Class: "water_level", Property: "water_level", Condition: rule.Above,
			Limit: 5.2, Clear: 5.1, Level: 3, Source: "test",
		}},
		Classes: map[string]string{"gauge": "water_level"}, Outbox: o, Log: slog.New(slog.DiscardHandler),
	}
	if err := w.Load(t.Context(), time.Unix(100, 0), b.Get); err != nil {
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
}
