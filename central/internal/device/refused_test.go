package device

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// spoken reads the lines that a log handler has written.
func spoken(t *testing.T, out *bytes.Buffer) (lines []string) {
	t.Helper()
	for dec := json.NewDecoder(out); dec.More(); {
		var l struct {
			Level, Msg, Device, Reason, What string
			Count                            int
		}
		if err := dec.Decode(&l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s %d", l.Level, l.Msg, l.Device, l.Reason, l.What, l.Count))
	}
	return lines
}

func TestWhatIsRefusedIsSaidAtOnceAndTheRestWhenTheMinuteEnds(t *testing.T) {
	var out bytes.Buffer
	s := &Service{Log: slog.New(slog.NewJSONHandler(&out, nil))}
	ctx := t.Context()
	for n := range 4 {
		s.Refused(ctx, "edge-a", "checksum", fmt.Sprintf("fs/v1/edge-a/up/%d", n), 1)
	}
	s.Refused(ctx, "edge-a", ReasonSeries, "s-1/level", 7)
	s.Refused(ctx, "edge-a", ReasonSeries, "s-1/level", 0)
	want := func(when string, lines ...string) {
		t.Helper()
		if got := spoken(t, &out); fmt.Sprint(got) != fmt.Sprint(lines) {
			t.Errorf("%s: said %q, want %q", when, got, lines)
		}
	}
	want("at once", "WARN refused edge-a checksum fs/v1/edge-a/up/0 1", "WARN refused edge-a unknown_series s-1/level 7")
	now := time.Now()
	s.sayRefused(ctx, s.tally().Due(now.Add(refusedEvery/2))...)
	want("within the minute")
	s.sayRefused(ctx, s.tally().Due(now.Add(refusedEvery))...)
	want("when it ends", "WARN refused edge-a checksum fs/v1/edge-a/up/3 3")
	s.sayRefused(ctx, s.tally().Due(now.Add(3*refusedEvery))...)
	want("after a silent minute")
}
