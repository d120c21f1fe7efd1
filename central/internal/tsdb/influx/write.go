package influx

import (
	"context"
	"math"
	"regexp"
	"strconv"
	"strings"

	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/influxdata/influxdb-client-go/v2/api/write"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// The names in InfluxDB.
const (
	measurement   = "reading"
	tagDevice     = "device"
	tagProperty   = "property"
	tagQuality    = "quality"
	fieldValue    = "value"
	fieldReceived = "received"
	fieldVoid     = "void"

	// Of means only: how many readings more than one they stand for, and the sum of these.
	fieldMore    = "more"
	fieldMoreSum = "more_sum"
)

// Write implements tsdb.Remote.
func (c *Client) Write(ctx context.Context, list []telemetry.Sample) error {
	points := make([]*write.Point, len(list))
	for i := range list {
		points[i] = pointOf(&list[i])
	}
	return c.judge(ctx, c.client().WriteAPIBlocking(c.opt.Org, c.opt.Bucket).WritePoint(ctx, points...), len(list))
}

func pointOf(s *telemetry.Sample) *write.Point {
	p := write.NewPointWithMeasurement(measurement).SetTime(s.At).
		AddTag(tagDevice, s.Device).AddTag(tagProperty, s.Property).AddTag(tagQuality, qualityName(s.Quality))
	if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
		p.AddField(fieldVoid, strconv.FormatFloat(s.Value, 'g', -1, 64))
	} else {
		p.AddField(fieldValue, s.Value)
		if s.Count > 1 {
			more := int64(s.Count) - 1
			p.AddField(fieldMore, more).AddField(fieldMoreSum, s.Value*float64(more))
		}
	}
	received := int64(0)
	if !s.ReceivedAt.IsZero() {
		received = s.ReceivedAt.UnixMilli()
	}
	return p.AddField(fieldReceived, received)
}

func qualityName(q wire.Quality) string {
	switch q {
	case wire.Good:
		return "good"
	case wire.Uncertain:
		return "uncertain"
	case wire.Bad:
		return "bad"
	}
	return strconv.Itoa(int(q))
}

// qualityOf is the way back; what somebody else wrote is bad.
func qualityOf(name string) wire.Quality {
	switch name {
	case "good":
		return wire.Good
	case "uncertain":
		return wire.Uncertain
	}
	if n, err := strconv.ParseUint(name, 10, 8); err == nil {
		return wire.Quality(n)
	}
	return wire.Bad
}

// droppedCount is how InfluxDB 1.8 and 2 say how many points of a write they left out.
var droppedCount = regexp.MustCompile(`\bdropped=(\d+)`)

// refusal reads why points of a write are refused for good; ok is false when the answer is not about points,
// as that of a proxy.
func refusal(e *influxhttp.Error, n int) (reason telemetry.RejectReason, all, ok bool) {
	text := sentence(e)
	switch {
	case strings.Contains(text, "beyond retention policy"):
		reason = telemetry.RejectRetention
	case strings.Contains(text, "field type conflict"):
		reason = telemetry.RejectType
	case strings.Contains(text, "unable to parse"):
		reason = telemetry.RejectSyntax
	case strings.Contains(text, "partial write"):
		reason = telemetry.RejectOther
	case e.Code == "unprocessable entity":
		reason = telemetry.RejectOther
	default:
		return "", false, false
	}
	if m := droppedCount.FindStringSubmatch(text); m != nil {
		dropped, err := strconv.Atoi(m[1])
		all = err == nil && dropped == n
	}
	return reason, all, true
}
