package document

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestReadCSVTakesBackWhatCSVWrote(t *testing.T) {
	var text bytes.Buffer
	w, err := CSV(&text, false, Wording{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	thinned := row("洋口, 闸", -0.1, wire.Uncertain)
	thinned.Count = 12
	if err := errors.Join(w.Write(row("洋口", 5.25, wire.Good)), w.Write(thinned), w.Write(row("void", math.NaN(), wire.Bad)), w.Close()); err != nil {
		t.Fatal(err)
	}
	var got []wire.Reading
	for r, err := range ReadCSV(strings.NewReader("\ufeff" + text.String())) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	want := []wire.Reading{
		{Device: "level", Property: "water_level", At: at.UnixMilli(), Value: 5.25},
		{Device: "level", Property: "water_level", At: at.UnixMilli(), Value: -0.1, Quality: wire.Uncertain, Count: 12},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v", got)
	}
}

func TestReadCSVNamesTheLine(t *testing.T) {
	const head = "device,property,at,value,quality,count\n"
	const good = "a,b,2026-11-24T01:02:03Z,1,good,1\n"
	for text, want := range map[string]string{
		"":                                  "names of the columns",
		"device,at,value\n":                 "line 1: there is no column property",
		head + good + "a,b,yesterday,1,,\n": "line 3: at \"yesterday\"",
		head + "a,b,2026-11-24T01:02:03Z,high,,\n":     "line 2: value \"high\"",
		head + "a,b,2026-11-24T01:02:03Z,NaN,,\n":      "line 2: value \"NaN\"",
		head + "a,b,2026-11-24T01:02:03Z,1,fine,\n":    "line 2: quality \"fine\"",
		head + "a,b,2026-11-24T01:02:03Z,1,good,0\n":   "line 2: count \"0\"",
		head + good + "a,b\n":                          "line 3",
		head + "a,\"b,2026-11-24T01:02:03Z,1,good,1\n": "read readings",
	} {
		var last error
		for _, err := range ReadCSV(strings.NewReader(text)) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, last, want)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, text := range []string{
		"device,property,at,value\na,b,2026-11-24T01:02:03Z,1\n", "\ufeffdevice,property,at,value,quality,count\r\na,b,2026-11-24T01:02:03Z,-1e3,bad,9\r\n",
		"device\n", "", "\"", "device,property,at,value\n,,,\n", "device,property,at,value\na,b,2026-11-24T01:02:03+08:00,0x1p-2\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ended := false
		for r, err := range ReadCSV(strings.NewReader(text)) {
			if ended {
				t.Fatal("it goes on after an error")
			}
			ended = err != nil
			if err == nil && (math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || r.Quality > wire.Bad) {
				t.Errorf("%q gives %+v", text, r)
			}
		}
	})
}
