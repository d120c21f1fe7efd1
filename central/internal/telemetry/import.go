package telemetry

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// importBatch is how many readings of an import are committed together.
const importBatch = 20_000

// Imported says what came of readings that were brought along.
type Imported struct {
	Devices  []string  `json:"devices"`
	Readings int       `json:"readings"` // newly stored
	Known    int       `json:"known"`    // were stored already, or are older than what is kept
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"` // of the newest
}

// Import takes in what an earlier system has measured, in the order in which it is brought. It is the past: no
// rule looks at it, now or after a restart, and it is no newest value. A reading must be of a series that its
// device has declared, and not of the future. What came before an error is stored; the same again changes
// nothing. Errors: errs.Invalid, errs.NotFound for a device, errs.Unavailable when the disk is full, and those
// of the source.
func (s *Service) Import(ctx context.Context, source iter.Seq2[wire.Reading, error]) (Imported, error) {
	if _, err := actor.Require(ctx, actor.TelemetryMend); err != nil {
		return Imported{}, err
	}
	var out Imported
	err := s.importAll(ctx, source, &out)
	if out.Readings > 0 {
		slices.Sort(out.Devices)
		done := event.New(ctx, ReadingsImported, "", "", out)
		if err := s.Tx.Do(ctx, func(ctx context.Context) error { return s.Events.Record(ctx, &done) }); err != nil {
			return out, err
		}
		s.Events.Publish(ctx, done)
	}
	return out, err
}

func (s *Service) importAll(ctx context.Context, source iter.Seq2[wire.Reading, error], out *Imported) error {
	now := time.Now()
	declared := map[series]bool{}
	var batch []wire.Reading
	n := 0
	for r, err := range source {
		if err != nil {
			return err
		}
		n++
		k := series{r.Device, r.Property}
		if !declared[k] {
			if err := s.declares(ctx, k); err != nil {
				return fmt.Errorf("reading %d: %w", n, err)
			}
			declared[k] = true
			if !slices.Contains(out.Devices, r.Device) {
				out.Devices = append(out.Devices, r.Device)
			}
		}
		switch {
		case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
			return errs.E(errs.Invalid, "telemetry.import", "reading %d: the value is no number", n)
		case r.At < 0 || r.At >= now.UnixMilli():
			return errs.E(errs.Invalid, "telemetry.import", "reading %d: %s is not in the past", n, wire.Time(r.At).Format(time.RFC3339))
		}
		if batch = append(batch, r); len(batch) == importBatch {
			if err := s.importSome(ctx, batch, out); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return s.importSome(ctx, batch, out)
}

// declares is nil when the device has such a series.
func (s *Service) declares(ctx context.Context, k series) error {
	dev, ok := s.Devices.Visible(ctx, k.device)
	if !ok {
		return errs.E(errs.NotFound, "device.not_found", "device %s", k.device)
	}
	for _, one := range dev.Series {
		if one.Property == k.property {
			return nil
		}
	}
	return errs.E(errs.Invalid, "telemetry.import", "device %s does not measure %s", k.device, k.property)
}

// importSome commits readings so that no restart evaluates them: they count as received before everything that
// it would go through again.
func (s *Service) importSome(ctx context.Context, list []wire.Reading, out *Imported) error {
	s.commit.Lock()
	defer s.commit.Unlock()
	s.mu.Lock()
	known := s.received
	s.mu.Unlock()
	before := time.Now().Add(-maxReplay)
	if oldest := known.Add(-maxReplay); !known.IsZero() && oldest.Before(before) {
		before = oldest
	}
	if err := s.Store.Evaluated(ctx, before); err != nil {
		return err
	}
	from, to := list[0].At, list[0].At
	for i := range list {
		from, to = min(from, list[i].At), max(to, list[i].At)
	}
	received := before.Add(-time.Millisecond)
	if newest := wire.Time(to); newest.Before(received) {
		received = newest
	}
	done, err := s.Store.Commit(ctx, []Incoming{{Batch: &wire.Batch{Backfill: true, Readings: list}, ReceivedAt: received}})
	if err != nil {
		return fmt.Errorf("import readings: %w", err)
	}
	out.Readings += done[0].Readings
	out.Known += len(list) - done[0].Readings
	if out.From.IsZero() || wire.Time(from).Before(out.From) {
		out.From = wire.Time(from)
	}
	if wire.Time(to).After(out.To) {
		out.To = wire.Time(to)
	}
	return nil
}
