package app

import (
	"context"
	"path/filepath"

	"github.com/fengsui/fengsui/edge/internal/crew"
)

// openCrew makes the shelf of messages to the people beside the terminal.
func (a *Agent) openCrew(ctx context.Context, p *agentParts) error {
	o := crew.Options{
		Log: a.log.With("component", "crew"), Edge: a.cfg.ID, Dir: filepath.Join(a.cfg.Data, "crew"), Confirm: crew.Input(a.cfg.Crew.Confirm),
		Now:  p.clock.CentreNow,
		Tell: p.collector.Event, Get: p.box.Get,
	}
	for _, command := range [][]string{a.cfg.Crew.Show, a.cfg.Crew.Speak} {
		if len(command) > 0 {
			o.Displays = append(o.Displays, command)
		}
	}
	var err error
	p.crew, err = crew.New(ctx, o)
	return err
}
