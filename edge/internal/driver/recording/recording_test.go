package recording

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/drivertest"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
)

func river(loop bool) *profile.Profile {
	return &profile.Profile{
		ID: "r", Every: strict.Duration(time.Millisecond), Recording: &profile.RecordingSection{Loop: loop},
		Series: []profile.Series{{Property: "water_level"}, {Property: "flow"}},
	}
}

func play(t *testing.T, text string, loop bool) (*drivertest.Sink, func() error) {
	t.Helper()
	file, sink := filepath.Join(t.TempDir(), "r.csv"), &drivertest.Sink{}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(driver.Options{ID: "r", Address: file, Profile: river(loop)})
	if err != nil {
		t.Fatal(err)
	}
	return sink, drivertest.Listen(t, d, sink)
}

func TestRecordingIsPlayedInItsOrderAndBeginsAnew(t *testing.T) {
	sink, stop := play(t, "# a flood\nat,water_level,flow\n0,4.1,\n0.01,4.2,120\n0.02,,130\n", true)
	drivertest.Until(t, "two rounds", func() bool { return len(sink.Messages()) >= 6 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for i, m := range sink.Messages()[:6] {
		want := [][]driver.Sample{
			{{Property: "water_level", Value: 4.1}},
			{{Property: "water_level", Value: 4.2}, {Property: "flow", Value: 120}},
			{{Property: "flow", Value: 130}},
		}[i%3]
		if !reflect.DeepEqual(m.Samples, want) || m.Key != "" || m.Samples[0].At != 0 {
			t.Errorf("%d: got %+v, want %+v", i, m, want)
		}
	}
}

func TestRecordingThatDoesNotLoopEndsInSilence(t *testing.T) {
	sink, stop := play(t, "at,water_level\n0,4.1\n", false)
	drivertest.Until(t, "it was played", func() bool { return len(sink.Messages()) == 1 })
	if err := stop(); !errors.Is(err, context.Canceled) || len(sink.Messages()) != 1 {
		t.Errorf("got %v, %d messages", err, len(sink.Messages()))
	}
}

func TestBadRecordingIsRefusedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"at,water_level\n":                    "nothing is recorded",
		"time,water_level\n0,1\n":             "line 1: the columns must be",
		"at,water_level,water_level\n0,1,1\n": "line 1: column \"water_level\"",
		"at,ph\n0,7\n":                        "line 1: column \"ph\"",
		"at,water_level\n0,1\nsoon,2\n":       "line 3: at \"soon\"",
		"at,water_level\n0,high\n":            "line 2: water_level \"high\"",
		"at,water_level\n5,1\n4,1\n":          "line 3: earlier",
		"at,water_level\n0,1,2\n":             "line 2",
		"at,water_level\n0,NaN\n":             "line 2",
		"at,water_level\n-1,1\n":              "line 2",
		"at,water_level\n0,\"1\n":             "line 2",
	} {
		if _, err := parse(strings.NewReader(text), river(false)); !errors.Is(err, driver.ErrMalformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	d, err := Open(driver.Options{ID: "r", Address: "/nonexistent.csv", Profile: river(false)})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.(driver.Source).Listen(t.Context(), &drivertest.Sink{}); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("at,water_level,flow\n0,4.1,\n0.01,4.2,120\n")
	f.Add("at,flow\n1e9,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := parse(strings.NewReader(text), river(false))
		if err == nil && len(rows) == 0 {
			t.Error("no rows and no error")
		}
	})
}
