package app

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/tsdb/influx"
)

// labelEvery is how soon a new or renamed device is known by its class in InfluxDB.
const labelEvery = 5 * time.Minute

// influx makes the way to InfluxDB; it is nil when the centre keeps its readings itself.
func (c *Centre) influx(cfg config.Config) (*influx.Client, error) {
	if cfg.Telemetry.Engine != "influx" {
		return nil, nil //nolint:nilnil // chosen by configuration
	}
	i := cfg.Telemetry.Influx
	client, err := influx.New(influx.Options{URL: i.URL, Org: i.Org, Bucket: i.Bucket, TokenFile: i.TokenFile, CA: i.CA})
	if err != nil {
		return nil, err
	}
	c.parts.Add("influx", func(context.Context) error { client.Close(); return nil })
	return client, nil
}

// labels keeps telling InfluxDB what the devices are.
func (c *Centre) labels(ctx context.Context, client *influx.Client, devices *device.Service) {
	ctx, stop := context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "influx"))
	done := make(chan struct{})
	c.parts.Add("labels", func(context.Context) error { stop(); <-done; return nil })
	go func() {
		defer close(done)
		every := time.NewTicker(labelEvery)
		defer every.Stop()
		for {
			list, err := devices.All(ctx)
			if err == nil {
				err = client.Label(ctx, list, time.Now())
			}
			if err != nil && ctx.Err() == nil {
				c.log.Warn("devices are not labelled in InfluxDB; tried again", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
		}
	}()
}
