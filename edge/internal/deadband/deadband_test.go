package deadband_test

import (
	"math"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/deadband"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

func one(seconds int64, value float64, q wire.Quality) wire.Reading {
	return wire.Reading{Device: "d", Property: "p", At: seconds * 1000, Value: value, Quality: q}
}

func filter(factor float64) *deadband.Filter {
	f := deadband.New(func() float64 { return factor })
	f.Add("d", []profile.Series{{Property: "p", Deadband: 0.5, MaxInterval: strict.Duration(time.Minute)}})
	return f
}

func TestAStillValueIsSentAsMeansAndAChangeAtOnce(t *testing.T) {
	f := filter(1)
	var got []wire.Reading
	for s := range int64(150) {
		v := 3 + float64(s%2)/10
		if s >= 100 {
			v += 2
		}
		kept := f.Pass([]wire.Reading{one(s, v, wire.Good)}, true)
		if (s == 0 || s == 60 || s == 100) != (len(kept) > 0) {
			t.Errorf("at %d: %+v", s, kept)
		}
		got = append(got, kept...)
	}
	got = append(got, f.Rest()...)
	count, sum := 0, 0.0
	for i, r := range got {
		n := max(r.Count, 1)
		count, sum = count+int(n), sum+r.Value*float64(n)
		if i > 0 && r.At <= got[i-1].At {
			t.Errorf("%+v comes after %+v", r, got[i-1])
		}
	}
	if want := 150*3 + 50*2 + 7.5; count != 150 || math.Abs(sum-want) > 0.05 || len(got) != 6 {
		t.Errorf("%d readings stand for %d with the sum %v, want 6, 150, %v", len(got), count, sum, want)
	}
}

func TestWhatIsDoubtfulUnsetOrOfAnotherSeriesPasses(t *testing.T) {
	f := filter(1)
	f.Pass([]wire.Reading{one(0, 3, wire.Good)}, true)
	other := one(1, 3, wire.Good)
	other.Property = "q"
	for name, list := range map[string][]wire.Reading{
		"bad": {one(1, 3, wire.Bad)}, "first good after it": {one(2, 3, wire.Good)}, "uncertain": {one(3, 3, wire.Uncertain)},
		"no number": {one(4, math.NaN(), wire.Good)}, "other series": {other},
	} {
		f := filter(1)
		f.Pass([]wire.Reading{one(0, 3, wire.Good)}, true)
		if name == "first good after it" {
			f.Pass([]wire.Reading{one(1, 3, wire.Bad)}, true)
		}
		if kept := f.Pass(list, true); len(kept) != 1 {
			t.Errorf("%s: %+v", name, kept)
		}
	}
	if kept := f.Pass([]wire.Reading{one(5, 3, wire.Good)}, false); len(kept) != 1 {
		t.Errorf("without a set clock: %+v", kept)
	}
	if kept := f.Pass([]wire.Reading{one(-5, 3, wire.Good)}, true); len(kept) != 1 {
		t.Errorf("after a step of the clock: %+v", kept)
	}
}

func TestSparingDoublesTheBand(t *testing.T) {
	for factor, want := range map[float64]int{1: 1, 2: 0} {
		f := filter(factor)
		f.Pass([]wire.Reading{one(0, 3, wire.Good)}, true)
		if kept := f.Pass([]wire.Reading{one(1, 3.7, wire.Good)}, true); len(kept) != want {
			t.Errorf("× %v: %d kept, want %d", factor, len(kept), want)
		}
	}
}

// A device whose value stands still must not look silent.
func TestShippedBandsSpeakBeforeTheRulesOfSilence(t *testing.T) {
	root := filepath.Join("..", "..", "..", "firmware-configs")
	profiles, err := profile.LoadDir(filepath.Join(root, "profiles"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := rule.Load(filepath.Join(root, "rules"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range profiles {
		for _, s := range p.Series {
			if s.Deadband == 0 {
				continue
			}
			seen++
			for _, r := range rules {
				if r.Class == p.Class && r.Condition == rule.Silent && r.For <= s.MaxInterval {
					t.Errorf("%s: %s is sent every %s, %s waits %s only", p.ID, s.Property, time.Duration(s.MaxInterval), r.ID, time.Duration(r.For))
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no shipped profile has a band")
	}
}

func TestDevicesThatAreReadAtOnceKeepTheirCountsAndSums(t *testing.T) {
	f := deadband.New(func() float64 { return 1 })
	names := []string{"a", "b", "c", "d"}
	for _, n := range names {
		f.Add(n, []profile.Series{{Property: "p", Deadband: 0.5, MaxInterval: strict.Duration(time.Minute)}})
	}
	var mu sync.Mutex
	count, sum := map[string]uint32{}, map[string]float64{}
	keep := func(list []wire.Reading) {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range list {
			count[r.Device] += max(r.Count, 1)
			sum[r.Device] += r.Value * float64(max(r.Count, 1))
		}
	}
	var wg sync.WaitGroup
	for _, n := range names {
		wg.Go(func() {
			for s := range int64(500) {
				keep(f.Pass([]wire.Reading{{Device: n, Property: "p", At: s * 1000, Value: float64(s / 100)}}, true))
			}
		})
	}
	wg.Wait()
	keep(f.Rest())
	for _, n := range names {
		if count[n] != 500 || math.Abs(sum[n]-1000) > 1e-6 {
			t.Errorf("%s: %d readings with the sum %v, want 500 and 1000", n, count[n], sum[n])
		}
	}
}
