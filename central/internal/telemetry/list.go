package telemetry

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/wire"
)

// How many series one answer has at most, and how many readings a page of a list.
const (
	maxListed   = 50
	maxCompared = 20
	maxExported = 200
	maxPage     = 5000
	defaultPage = 500
	// readPage is how many readings of a series an export holds at a time.
	readPage = 4096
)

// Selection says which readings are asked for. Series are "device/property", or "device" for all of it.
// Limits in time may be zero.
type Selection struct {
	Series                   []string
	From, To                 time.Time // of the device
	ReceivedFrom, ReceivedTo time.Time // of the arrival at the centre
	Quality                  Quality
}

// Row is a reading as it is listed. ReceivedAt is nil when it was not kept, Value when it is no finite
// number.
type Row struct {
	Device     string       `json:"device"`
	Property   string       `json:"property"`
	At         time.Time    `json:"at"`
	ReceivedAt *time.Time   `json:"received_at"`
	Value      *float64     `json:"value"`
	Quality    wire.Quality `json:"quality"`
	Count      uint32       `json:"count" doc:"the value is the mean of so many readings that the terminal had to thin out; 1: it is a reading itself"`
}

func (s *Sample) row() Row {
	r := Row{Device: s.Device, Property: s.Property, At: s.At, Quality: s.Quality, Count: max(s.Count, 1)}
	if !s.ReceivedAt.IsZero() {
		r.ReceivedAt = &s.ReceivedAt
	}
	if !math.IsNaN(s.Value) && !math.IsInf(s.Value, 0) {
		r.Value = &s.Value
	}
	return r
}

// chosen is one series of a selection that the actor may see.
type chosen struct {
	device device.Device
	device.Series
}

// choose finds the series of a selection.
func (s *Service) choose(ctx context.Context, sel Selection, most int) ([]chosen, error) {
	switch {
	case len(sel.Series) == 0:
		return nil, errs.Field("telemetry.query", "series", "name at least one as device/property")
	case !sel.From.IsZero() && !sel.To.IsZero() && !sel.From.Before(sel.To):
		return nil, errs.Field("telemetry.query", "to", "must be after from")
	case !sel.ReceivedFrom.IsZero() && !sel.ReceivedTo.IsZero() && !sel.ReceivedFrom.Before(sel.ReceivedTo):
		return nil, errs.Field("telemetry.query", "received_to", "must be after received_from")
	}
	var out []chosen
	seen := map[series]bool{}
	for _, name := range sel.Series {
		id, property, one := strings.Cut(name, "/")
		if !wire.ValidID(id) || (one && !wire.ValidID(property)) {
			return nil, errs.Field("telemetry.query", "series", fmt.Sprintf("%q is not device/property", name))
		}
		dev, ok := s.Devices.Visible(ctx, id)
		if !ok {
			return nil, errs.E(errs.NotFound, "device.not_found", "device %s", id)
		}
		list := dev.Series
		if one {
			list = []device.Series{{Property: property, Name: property, NameEN: property}}
			if i := slices.IndexFunc(dev.Series, func(d device.Series) bool { return d.Property == property }); i >= 0 {
				list = dev.Series[i : i+1]
			}
		}
		for _, d := range list {
			if k := (series{id, d.Property}); !seen[k] {
				seen[k] = true
				out = append(out, chosen{dev, d})
			}
		}
	}
	if len(out) > most {
		return nil, errs.Field("telemetry.query", "series", fmt.Sprintf("at most %d at a time", most))
	}
	return out, nil
}

// read is the query of one series of a selection.
func (sel *Selection) read(c chosen, limit int) Read {
	return Read{
		Device: c.device.ID, Property: c.Property, From: sel.From, To: sel.To, ReceivedFrom: sel.ReceivedFrom, ReceivedTo: sel.ReceivedTo,
		Quality: sel.Quality, Limit: limit,
	}
}

// Readings lists readings of several series in order of their time, those of one time in order of the
// series. After is the Next of the page before.
func (s *Service) Readings(ctx context.Context, sel Selection, after string, limit int) (page.List[Row], error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return page.List[Row]{}, err
	}
	if limit < 0 || limit > maxPage {
		return page.List[Row]{}, errs.Field("telemetry.query", "limit", fmt.Sprintf("must be at most %d", maxPage))
	}
	if limit == 0 {
		limit = defaultPage
	}
	list, err := s.choose(ctx, sel, maxListed)
	if err != nil {
		return page.List[Row]{}, err
	}
	m, err := s.merge(sel, list, after, limit)
	if err != nil {
		return page.List[Row]{}, err
	}
	out := page.List[Row]{Items: []Row{}}
	for {
		i, more, err := m.peek(ctx)
		if err != nil || !more {
			return out, err
		}
		if len(out.Items) == limit {
			out.Next = fmt.Sprintf("%d.%d", out.Items[limit-1].At.UnixMilli(), m.last)
			return out, nil
		}
		out.Items = append(out.Items, m.take(i))
	}
}

// merged walks through several series in order of time.
type merged struct {
	store   Store
	queries []Read
	waiting [][]Sample
	ended   []bool
	last    int // series of the reading that came last
}

func (s *Service) merge(sel Selection, list []chosen, after string, limit int) (*merged, error) {
	m := &merged{store: s.Store, waiting: make([][]Sample, len(list)), ended: make([]bool, len(list))}
	at, last := int64(math.MinInt64), -1
	if after != "" {
		if n, err := fmt.Sscanf(after, "%d.%d", &at, &last); err != nil || n != 2 {
			return nil, errs.Field("telemetry.query", "after", "is not the next of a page")
		}
	}
	for i, c := range list {
		q := sel.read(c, max(64, limit/len(list)+1))
		if after != "" {
			from := at
			if i <= last {
				from++
			}
			if t := wire.Time(from); t.After(q.From) {
				q.From = t
			}
		}
		m.queries = append(m.queries, q)
	}
	return m, nil
}

// peek finds the series that has the next reading.
func (m *merged) peek(ctx context.Context) (int, bool, error) {
	best := -1
	for i := range m.queries {
		if len(m.waiting[i]) == 0 && !m.ended[i] {
			part, err := m.store.Read(ctx, m.queries[i])
			if err != nil {
				return 0, false, err
			}
			m.waiting[i], m.ended[i] = part, len(part) < m.queries[i].Limit
			if n := len(part); n > 0 {
				m.queries[i].From = part[n-1].At.Add(time.Millisecond)
			}
		}
		if len(m.waiting[i]) > 0 && (best < 0 || m.waiting[i][0].At.Before(m.waiting[best][0].At)) {
			best = i
		}
	}
	return best, best >= 0, nil
}

// take takes the next reading of a series.
func (m *merged) take(i int) Row {
	out := m.waiting[i][0].row()
	m.waiting[i], m.last = m.waiting[i][1:], i
	return out
}

// ExportRow is a reading with what it is called.
type ExportRow struct {
	Sample
	DeviceName   string
	DeviceNameEN string
	Name         string
	NameEN       string
	Unit         string
}

// Called is what the device and the property are called, in English where they have such a name and it is wanted.
func (r *ExportRow) Called(english bool) (device, name string) {
	device, name = r.DeviceName, r.Name
	if english && r.DeviceNameEN != "" {
		device = r.DeviceNameEN
	}
	if english && r.NameEN != "" {
		name = r.NameEN
	}
	return device, name
}

// Exported says who took what away.
type Exported struct {
	Series       []string   `json:"series"`
	Format       string     `json:"format"`
	From         *time.Time `json:"from,omitempty"`
	To           *time.Time `json:"to,omitempty"`
	ReceivedFrom *time.Time `json:"received_from,omitempty"`
	ReceivedTo   *time.Time `json:"received_to,omitempty"`
	Quality      Quality    `json:"quality"`
}

// Export checks what is asked for, notes it, and returns a function that hands the readings over, series
// after series, each in order of time. It holds one page of one series in memory and stops with the error
// of yield or of its context.
func (s *Service) Export(ctx context.Context, sel Selection, format string) (func(ctx context.Context, yield func(ExportRow) error) error, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return nil, err
	}
	list, err := s.choose(ctx, sel, maxExported)
	if err != nil {
		return nil, err
	}
	note := Exported{Format: format, Quality: sel.Quality}
	for _, c := range list {
		note.Series = append(note.Series, c.device.ID+"/"+c.Property)
	}
	for _, t := range []struct {
		to   **time.Time
		from time.Time
	}{{&note.From, sel.From}, {&note.To, sel.To}, {&note.ReceivedFrom, sel.ReceivedFrom}, {&note.ReceivedTo, sel.ReceivedTo}} {
		if !t.from.IsZero() {
			*t.to = &t.from
		}
	}
	done := event.New(ctx, ReadingsExported, list[0].device.ID, list[0].device.Division, note)
	if err := s.Tx.Do(ctx, func(ctx context.Context) error { return s.Events.Record(ctx, &done) }); err != nil {
		return nil, err
	}
	s.Events.Publish(ctx, done)
	return func(ctx context.Context, yield func(ExportRow) error) error {
		for _, c := range list {
			if err := s.export(ctx, c, sel.read(c, readPage), yield); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (s *Service) export(ctx context.Context, c chosen, q Read, yield func(ExportRow) error) error {
	row := ExportRow{DeviceName: c.device.Name, DeviceNameEN: c.device.NameEN, Name: c.Name, NameEN: c.NameEN, Unit: c.Unit}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, err := s.Store.Read(ctx, q)
		if err != nil {
			return err
		}
		for _, sample := range part {
			row.Sample = sample
			if err := yield(row); err != nil {
				return err
			}
		}
		if len(part) < q.Limit {
			return nil
		}
		q.From = part[len(part)-1].At.Add(time.Millisecond)
	}
}
