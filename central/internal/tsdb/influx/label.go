package influx

import (
	"context"
	"fmt"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api/write"

	"github.com/fengsui/fengsui/central/internal/device"
)

// labels is the measurement that says what the devices are: tag device, fields class, name and division. There is
// one point for each device and day (UTC), so that dashboards can choose by class however short the retention.
const labels = "device"

// Label writes the devices down for the day of a time.
func (c *Client) Label(ctx context.Context, list []device.Device, now time.Time) error {
	if len(list) == 0 {
		return nil
	}
	points := make([]*write.Point, len(list))
	for i := range list {
		d := &list[i]
		points[i] = write.NewPointWithMeasurement(labels).SetTime(now.UTC().Truncate(24*time.Hour)).AddTag(tagDevice, d.ID).
			AddField("class", d.Class).AddField("name", d.Name).AddField("division", d.Division)
	}
	if err := c.client().WriteAPIBlocking(c.opt.Org, c.opt.Bucket).WritePoint(ctx, points...); err != nil {
		return fmt.Errorf("label devices in InfluxDB: %w", err)
	}
	return nil
}
