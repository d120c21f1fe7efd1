package app

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/talk"
	"github.com/fengsui/fengsui/central/internal/video"
)

// talk lets people speak to scenes; it is nil when pictures are switched off.
func (c *Centre) talk(ctx context.Context, b *base, devices *device.Service, router *sfu.SFU, pictures *video.Service, incidents *incident.Service) *talk.Service {
	if pictures == nil {
		return nil
	}
	s := talk.New(talk.Options{
		Devices: devices, Orders: devices.Orders, Router: router, Pictures: pictures, Journal: spoken{incidents}, Events: b.bus, Log: c.log.With("component", "talk"),
	})
	system := actor.WithSystem(context.WithoutCancel(ctx), "talk")
	s.Start(system)
	c.parts.Add("talk", s.Stop)
	return s
}

// spoken writes what was spoken into incidents.
type spoken struct{ incidents *incident.Service }

func (s spoken) May(ctx context.Context, id string) error {
	if _, err := actor.Require(ctx, actor.IncidentWrite); err != nil {
		return err
	}
	_, err := s.incidents.Get(ctx, id)
	return err
}

func (s spoken) Spoke(ctx context.Context, id string, listeners []string, length time.Duration) error {
	st := incident.Step{Kind: incident.Spoken, Text: strings.Join(listeners, "、")}
	if length == 0 {
		st.Act = "silent"
	} else {
		st.Text += fmt.Sprintf(" · %d s", int(math.Ceil(length.Seconds())))
	}
	_, err := s.incidents.Write(ctx, id, st)
	return err
}
