package telemetry

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// Comparison is several series on one axis of time: bucket i of every series begins at Times[i].
type Comparison struct {
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"`
	Step    int64       `json:"step_ms"`
	Quality Quality     `json:"quality" enum:"good,usable,all"`
	Times   []time.Time `json:"times"`
	Series  []Compared  `json:"series"`
}

// Compared is one series of a comparison. Min, Max and Mean are null where a bucket holds nothing of the
// quality asked for.
type Compared struct {
	Device     string     `json:"device"`
	DeviceName string     `json:"device_name"`
	Property   string     `json:"property"`
	Name       string     `json:"name"`
	NameEN     string     `json:"name_en"`
	Unit       string     `json:"unit"`
	Digits     int        `json:"digits"`
	Min        []*float64 `json:"min"`
	Max        []*float64 `json:"max"`
	Mean       []*float64 `json:"mean"`
	Count      []int64    `json:"count"`
	Uncertain  []int64    `json:"uncertain"` // doubtful readings, whatever quality was asked for
	Bad        []int64    `json:"bad"`
}

// maxAxis is the most buckets of a comparison.
const maxAxis = 2000

// Compare reads several series for one chart.
func (s *Service) Compare(ctx context.Context, sel Selection, points int) (Comparison, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return Comparison{}, err
	}
	list, err := s.choose(ctx, sel, maxCompared)
	if err != nil {
		return Comparison{}, err
	}
	from, to := max(sel.From.UnixMilli(), wire.FirstTime), sel.To.UnixMilli()
	switch {
	case from >= to:
		return Comparison{}, errs.Field("telemetry.query", "to", "must be after from and after the year 2000")
	case points < 0 || points > maxAxis:
		return Comparison{}, errs.Field("telemetry.query", "points", "must be at most 2000")
	case points == 0:
		points = defaultPoints
	}
	q := Query{From: wire.Time(from), To: wire.Time(to), Points: max(2, points), Quality: sel.Quality}
	q.Step = StepFor(from, to, q.Points)
	out := Comparison{From: q.From, To: q.To, Step: q.Step, Quality: NewChart(q).Quality, Series: []Compared{}}
	first := floorDiv(from, q.Step)
	n := int(floorDiv(to-1, q.Step) - first + 1)
	for i := range n {
		out.Times = append(out.Times, wire.Time((first+int64(i))*q.Step))
	}
	for _, c := range list {
		q.Device, q.Property = c.device.ID, c.Property
		chart, err := s.Store.Query(ctx, q)
		if err != nil {
			return Comparison{}, err
		}
		out.Series = append(out.Series, c.compared(chart, n, func(at time.Time) int { return int(floorDiv(at.UnixMilli(), q.Step) - first) }))
	}
	return out, nil
}

func (c *chosen) compared(chart Chart, n int, index func(time.Time) int) Compared {
	out := Compared{
		Device: c.device.ID, DeviceName: c.device.Name, Property: c.Property, Name: c.Name, NameEN: c.NameEN, Unit: c.Unit, Digits: c.Digits,
		Min: make([]*float64, n), Max: make([]*float64, n), Mean: make([]*float64, n),
		Count: make([]int64, n), Uncertain: make([]int64, n), Bad: make([]int64, n),
	}
	for i := range chart.Buckets {
		b := &chart.Buckets[i]
		if k := index(b.At); k >= 0 && k < n {
			out.Min[k], out.Max[k], out.Mean[k], out.Count[k] = &b.Min, &b.Max, &b.Mean, b.Count
		}
	}
	for _, f := range chart.Flags {
		if k := index(f.At); k >= 0 && k < n {
			out.Uncertain[k], out.Bad[k] = f.Uncertain, f.Bad
		}
	}
	return out
}
