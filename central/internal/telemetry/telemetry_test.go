package telemetry

import (
	"errors"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
)

func TestHealthNamesWhatDoesNotWork(t *testing.T) {
	for state, want := range map[HealthState]string{Healthy: "", DiskFull: "store.full", Failing: "telemetry.failing"} {
		err := Health{State: state, Part: "commit"}.Err()
		e, _ := errors.AsType[*errs.Error](err)
		if (e == nil) != (want == "") || (e != nil && e.Code != want) {
			t.Errorf("%s: %v, want %q", state, err, want)
		}
	}
}
