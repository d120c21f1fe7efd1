package rulebook_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/rule"
)

// except sets the limit of a device to 4 m.
func (d *desk) except(ctx context.Context, device, reason string) {
	d.t.Helper()
	four := 4.0
	if _, err := d.Override(ctx, rulebook.NewOverride{Rule: "high", Device: device, Exception: rule.Exception{Limit: &four}, Reason: reason}); err != nil {
		d.t.Fatal(err)
	}
}

func TestNobodysNameStandsUnderWhatAnotherDid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		d.except(leader(city), "a", "汛期")
		d.Round(system(), time.Now())
		if d.by["e1"] != "王320600: 汛期" || d.by["e2"] != "王320600: 汛期" {
			t.Errorf("one person's change was given by %q", d.by)
		}
		d.except(leader(city), "b", "汛期")
		d.except(leader(rugao), "c", "传感器坏了")
		d.Round(system(), time.Now())
		if d.by["e1"] != "test: 汛期；传感器坏了" || d.by["e2"] != "test: 汛期；传感器坏了" {
			t.Errorf("the changes of two were given by %q", d.by)
		}
		d.OnEvent(system(), event.Event{Kind: "config.told", Subject: "e1"})
		d.Round(system(), time.Now())
		if d.by["e1"] != "test: " {
			t.Errorf("what nobody changed was given by %q", d.by["e1"])
		}
	})
}

// flaky is a store that cannot be read for a while.
type flaky struct {
	rulebook.Store
	fails int
}

func (f *flaky) Overrides(ctx context.Context) ([]rulebook.RuleOverride, error) {
	if f.fails > 0 {
		f.fails--
		return nil, errors.New("disk does not answer")
	}
	return f.Store.Overrides(ctx)
}

func TestARuleThatCouldNotBeReadDecidesWithTheNextLook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		f := &flaky{Store: d.Store}
		d.Store = f
		e, err := d.Save(leader(city), high(6), city, "", d.seen("high"))
		if err != nil {
			t.Fatal(err)
		}
		f.fails = 2
		if _, err := d.Service.Publish(leader(city), "high", e.Revision, "汛期"); err != nil {
			t.Fatal(err)
		}
		d.judges("high", map[string]float64{"a": 5})
		d.Round(system(), time.Now()) // fails again
		d.judges("high", map[string]float64{"a": 5})
		d.Round(system(), time.Now())
		d.judges("high", map[string]float64{"a": 6})
		if d.by["e1"] != "王320600: 汛期" {
			t.Errorf("given by %q", d.by["e1"])
		}
	})
}
