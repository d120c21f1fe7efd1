package duty_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// The roster goes on by itself, and a hand-off is told when it comes: in three days there are three, and the
// last day that is laid is three days further.
func TestRosterGoesOnByItselfAndTellsOfHandOffs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, storetest.SQLite(t))
		var mu sync.Mutex
		told := 0
		d.told = func(kind string) {
			mu.Lock()
			defer mu.Unlock()
			if kind == duty.EventHandOff {
				told++
			}
		}
		d.Start(d.system)
		time.Sleep(3*24*time.Hour + time.Minute) // of the test's own clock
		synctest.Wait()
		d.must(d.Stop(t.Context()))
		mu.Lock()
		defer mu.Unlock()
		if told != 3 {
			t.Errorf("%d hand-offs were told in three days", told)
		}
		last := d.today.Add(duty.Horizon + 2)
		r, err := d.Roster(d.system, d.county.ID, last, last.Add(2))
		d.must(err)
		if len(r.Shifts) != 2 {
			t.Errorf("on %s and the day after %d cells are laid", last, len(r.Shifts))
		}
	})
}
