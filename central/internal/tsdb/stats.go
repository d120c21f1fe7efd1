package tsdb

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// Stats implements telemetry.Store.
func (d *DB) Stats(ctx context.Context) (telemetry.Stats, error) {
	d.view.RLock()
	d.mu.RLock()
	sealed, dirty := d.months.points()
	out := telemetry.Stats{Readings: sealed, Series: int64(len(d.byID)), Dirty: dirty, Forward: d.Forwarding()}
	if d.opt.Remote != nil {
		out.Readings += out.Forward.Sent + out.Forward.Waiting
	} else {
		out.Readings += d.active.points
	}
	if d.opt.Remote == nil && d.frozen != nil {
		out.Readings += d.frozen.points
		for _, moved := range d.moved {
			out.Readings -= moved
		}
	}
	row := d.sealed
	out.Months = d.monthStats()
	d.mu.RUnlock()
	d.view.RUnlock()
	sizes, total := d.sizes()
	out.Bytes = total
	for i := range out.Months {
		m := &out.Months[i]
		m.Bytes, m.RollupBytes = sizes[monthPrefix+m.Month], sizes[rollupPrefix+m.Month]
	}
	out.KeepReadingsDays, out.KeepRollupsDays = int(d.opt.Keep.Readings/(24*time.Hour)), int(d.opt.Keep.Rollups/(24*time.Hour))
	if err := d.inbox.QueryRowContext(ctx, `select count(*) from inbox where id > $1`, row).Scan(&out.Inbox); err != nil {
		return out, fmt.Errorf("count inbox: %w", err)
	}
	return out, nil
}

// monthStats lists the months in order.
func (d *DB) monthStats() []telemetry.MonthStats {
	out := []telemetry.MonthStats{}
	for _, name := range d.months.names() {
		m := telemetry.MonthStats{Month: name, Retired: true}
		if f := d.months.get(name); f != nil {
			m.Retired, m.Readings, m.Dirty = false, f.points, f.dirty
		}
		out = append(out, m)
	}
	return out
}

// sizes are the bytes of the files with their logs, by name without ending, and of all together.
func (d *DB) sizes() (map[string]int64, int64) {
	entries, err := os.ReadDir(d.opt.Dir)
	if err != nil {
		return nil, 0 // shown as nothing; whatever is wrong, commits will tell
	}
	out, total := map[string]int64{}, int64(0)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || e.IsDir() {
			continue
		}
		name, _, _ := strings.Cut(e.Name(), fileSuffix)
		out[name] += info.Size()
		total += info.Size()
	}
	return out, total
}
