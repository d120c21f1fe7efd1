package recording_test

import (
	"sync"
	"testing"

	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestChangesOfAPolicyAtOnceAreAllKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		for i := range 20 {
			days := 20 + i
			must[recording.Policy](t)(r.End(officer, "cam-1"))
			var all sync.WaitGroup
			var wrong [2]error
			begin := make(chan struct{})
			for n, change := range []func() (recording.Policy, error){
				func() (recording.Policy, error) { return r.SetPolicy(officer, "cam-1", recording.OnAlarm, days, true) },
				func() (recording.Policy, error) { return r.Begin(officer, "cam-1", 5) },
			} {
				all.Go(func() {
					<-begin
					_, wrong[n] = change()
				})
			}
			close(begin)
			all.Wait()
			if wrong[0] != nil || wrong[1] != nil {
				t.Fatal(wrong)
			}
			c := must[recording.Overview](t)(r.Overview(officer)).Cameras[0]
			if c.Mode != recording.OnAlarm || c.KeepDays != days || c.Until == nil {
				t.Fatalf("round %d lost a change: %+v", i, c.Policy)
			}
			list := must[[]recording.Policy](t)(store.NewRecordings(db).Policies(t.Context()))
			if len(list) != 1 || list[0].KeepDays != days || list[0].Until == nil {
				t.Fatalf("round %d lost a change of the row: %+v", i, list)
			}
		}
	})
}

func TestPolicyThatSaysNothingIsForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		left := func() []recording.Policy {
			return must[[]recording.Policy](t)(store.NewRecordings(db).Policies(t.Context()))
		}
		must[recording.Policy](t)(r.Begin(officer, "cam-1", 5))
		if len(left()) != 1 {
			t.Fatalf("got %+v", left())
		}
		must[recording.Policy](t)(r.End(officer, "cam-1"))
		if len(left()) != 0 {
			t.Errorf("still there: %+v", left())
		}
		must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Off, 90, false))
		must[recording.Policy](t)(r.End(officer, "cam-1"))
		if list := left(); len(list) != 1 || list[0].KeepDays != 90 {
			t.Errorf("what was set went: %+v", list)
		}
	})
}
