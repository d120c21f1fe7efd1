package ingest

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// commandLife is how long a command may wait when its sender does not say.
const commandLife = 30 * time.Second

// Command sends a command to an edge (video.Commander). It is not kept for later: an edge that is not
// connected is errs.Unavailable, and its outcome comes as an event of the edge.
func (i *Ingest) Command(ctx context.Context, edge string, cmd wire.Command) error {
	if !i.opts.Devices.Connected(ctx, edge) {
		return errs.E(errs.Unavailable, "device.offline", "edge %s is not connected", edge)
	}
	if cmd.ID == "" {
		cmd.ID = uuid.Must(uuid.NewV7()).String()
	}
	if cmd.Expires == 0 {
		cmd.Expires = wire.Millis(time.Now().Add(commandLife))
	}
	return i.publish(wire.CommandTopic(edge), cmd)
}

// Config sends a configuration to an edge (fleet.Sender). It is not kept for later either.
func (i *Ingest) Config(ctx context.Context, edge string, c wire.Config) error {
	if !i.opts.Devices.Connected(ctx, edge) {
		return errs.E(errs.Unavailable, "device.offline", "edge %s is not connected", edge)
	}
	return i.publish(wire.ConfigTopic(edge), c)
}
