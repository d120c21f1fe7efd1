package influx

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api/query"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/wire"
)

// text is a Flux string. Whatever is not plain is written as bytes, so that nothing can leave the quotes.
func text(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("_-./ ", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// instant is a Flux time.
func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// series is the Flux that streams the readings of a series. InfluxDB 1.8 takes the end in, version 2 leaves it out;
// a nanosecond before, both leave it out, since times are whole milliseconds.
func (c *Client) series(device, property string, from, to int64, field string) string {
	s := fmt.Sprintf(`from(bucket: %s) |> range(start: %s, stop: %s) |> filter(fn: (r) => r._measurement == %s and r.device == %s and r.property == %s`,
		text(c.opt.Bucket), instant(time.UnixMilli(from)), instant(time.UnixMilli(to).Add(-1)), text(measurement), text(device), text(property))
	if field != "" {
		s += " and r._field == " + text(field)
	}
	return s + ")"
}

// each runs a query and hands over its rows.
func (c *Client) each(ctx context.Context, flux string, fn func(*query.FluxRecord)) error {
	res, err := c.client().QueryAPI(c.opt.Org).Query(ctx, flux)
	if err != nil {
		return fmt.Errorf("query InfluxDB: %w", err)
	}
	defer res.Close()
	for res.Next() {
		fn(res.Record())
	}
	if err := res.Err(); err != nil {
		return fmt.Errorf("query InfluxDB: %w", err)
	}
	return nil
}

// Count implements tsdb.Remote.
func (c *Client) Count(ctx context.Context, device, property string, from, to int64) (int64, error) {
	total := int64(0)
	flux := c.series(device, property, from, to, fieldReceived) + ` |> count()`
	err := c.each(ctx, flux, func(r *query.FluxRecord) { total += integer(r.Value()) })
	return total, err
}

// What is summed up, as the names of results.
const (
	byMin   = "min"
	byMax   = "max"
	byMean  = "mean"
	byCount = "count"
	byLast  = "last"
	byVoid  = "void"
	byMore  = "more"
	bySum   = "more_sum"
)

// Sum implements tsdb.Remote.
func (c *Client) Sum(ctx context.Context, device, property string, from, to, step int64) ([]tsdb.Summary, error) {
	var flux strings.Builder
	fmt.Fprintf(&flux, "values = () => %s\n", c.series(device, property, from, to, fieldValue))
	window := func(stream, fn, result string) {
		fmt.Fprintf(&flux, `%s |> aggregateWindow(every: %dms, fn: %s, createEmpty: false, timeSrc: "_start") |> keep(columns: ["_time", "_value", "quality"]) |> yield(name: "%s")`+"\n",
			stream, step, fn, result)
	}
	for _, fn := range []string{byMin, byMax, byMean, byCount} {
		window("values()", fn, fn)
	}
	window(c.series(device, property, from, to, fieldVoid), byCount, byVoid)
	window(c.series(device, property, from, to, fieldMore), "sum", byMore)
	window(c.series(device, property, from, to, fieldMoreSum), "sum", bySum)
	// aggregateWindow would lose when the last reading was.
	fmt.Fprintf(&flux, `values() |> window(every: %dms) |> last() |> keep(columns: ["_time", "_value", "quality"]) |> yield(name: "%s")`+"\n", step, byLast)

	type key struct {
		at      int64
		quality string
		void    bool
	}
	type more struct {
		count int64
		sum   float64
	}
	sums, thinned := map[key]*tsdb.Summary{}, map[key]more{}
	err := c.each(ctx, flux.String(), func(r *query.FluxRecord) {
		at := r.Time().UnixMilli()
		quality, _ := r.ValueByKey(tagQuality).(string)
		k := key{at: floor(at, step), quality: quality, void: r.Result() == byVoid}
		s := sums[k]
		if s == nil {
			s = &tsdb.Summary{At: k.at, Quality: qualityOf(quality), Void: k.void}
			sums[k] = s
		}
		switch r.Result() {
		case byMin:
			s.Min = float(r.Value())
		case byMax:
			s.Max = float(r.Value())
		case byMean:
			s.Mean = float(r.Value())
		case byCount, byVoid:
			s.Count = integer(r.Value())
		case byLast:
			s.Last, s.LastAt = float(r.Value()), at
		case byMore:
			thinned[k] = more{integer(r.Value()), thinned[k].sum}
		case bySum:
			thinned[k] = more{thinned[k].count, float(r.Value())}
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]tsdb.Summary, 0, len(sums))
	for k, s := range sums {
		if m := thinned[k]; m.count > 0 {
			s.Mean = (s.Mean*float64(s.Count) + m.sum) / float64(s.Count+m.count)
			s.Count += m.count
		}
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b tsdb.Summary) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Quality, b.Quality)) })
	return out, nil
}

// Read implements tsdb.Remote.
func (c *Client) Read(ctx context.Context, device, property string, from, to int64, limit int) ([]telemetry.Sample, error) {
	flux := c.series(device, property, from, to, "") + fmt.Sprintf(
		` |> limit(n: %d) |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")`, limit)
	var out []telemetry.Sample
	err := c.each(ctx, flux, func(r *query.FluxRecord) {
		quality, _ := r.ValueByKey(tagQuality).(string)
		s := telemetry.Sample{Device: device, Property: property, At: r.Time().UTC(), Quality: qualityOf(quality)}
		if v, ok := r.ValueByKey(fieldValue).(float64); ok {
			s.Value = v
		} else {
			what, _ := r.ValueByKey(fieldVoid).(string)
			s.Value = void(what)
		}
		if n := integer(r.ValueByKey(fieldMore)); n > 0 && n < wire.MaxRecords {
			s.Count = uint32(n) + 1
		}
		if ms := integer(r.ValueByKey(fieldReceived)); ms != 0 {
			s.ReceivedAt = wire.Time(ms)
		}
		out = append(out, s)
	})
	if err != nil {
		return nil, err
	}
	// Each quality is a table of its own.
	slices.SortStableFunc(out, func(a, b telemetry.Sample) int { return a.At.Compare(b.At) })
	return out[:min(len(out), limit)], nil
}

// void is the value that is no finite number.
func void(text string) float64 {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v
	}
	return math.NaN()
}

func integer(v any) int64 {
	n, _ := v.(int64)
	return n
}

func float(v any) float64 {
	n, _ := v.(float64)
	return n
}

func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q * b
}
