package tsdb

import (
	"context"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry/telemetrytest"
)

func TestStoreKeepsItsContract(t *testing.T) {
	telemetrytest.Contract(t, func(t *testing.T, dir string) telemetrytest.Opened {
		d := open(t, dir)
		return telemetrytest.Opened{
			Store: d,
			Settle: func(t *testing.T) {
				seal(t, d)
				if err := d.Rollup(context.Background(), time.UnixMilli(t0+400*day)); err != nil {
					t.Fatal(err)
				}
			},
			Close: func(t *testing.T) { shut(t, d) },
		}
	})
}
