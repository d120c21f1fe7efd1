package telemetry

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// Events. Data is the Alarm, Loss, []Latest, Health, Acted, Hold, Exported, Imported or Policy.
const (
	AlarmOpened       = "alarm.opened"
	AlarmReopened     = "alarm.reopened" // again, before anybody acknowledged it
	AlarmRang         = "alarm.rang"     // taken for too late to ring, it holds still or is recent
	AlarmAcknowledged = "alarm.acknowledged"
	AlarmReturned     = "alarm.returned"
	AlarmRuleGone     = "alarm.rule_gone" // not judged any more, and nobody has acknowledged it
	AlarmCommented    = "alarm.commented"
	AlarmShelved      = "alarm.shelved"
	AlarmUnshelved    = "alarm.unshelved"
	AlarmCleared      = "alarm.cleared"
	AlarmEscalated    = "alarm.escalated"
	AlarmMaintained   = "alarm.maintained" // silent under a maintenance window
	AlarmLive         = "alarm.live"       // no more
	AlarmPeaked       = "alarm.peaked"     // ephemeral: a new furthest value
	AlarmTimed        = "alarm.timed"      // ephemeral: other times of escalation or maintenance
	PolicyChanged     = "escalation.changed"
	ReadingsLost      = "telemetry.lost"
	LatestChanged     = "telemetry.latest" // ephemeral
	HealthChanged     = "telemetry.health"
	ApartReleased     = "telemetry.quarantine_released"
	ApartDiscarded    = "telemetry.quarantine_discarded"
	HoldPlaced        = "telemetry.hold_placed"
	HoldEnded         = "telemetry.hold_ended"
	ReadingsExported  = "telemetry.exported"
	ReadingsImported  = "telemetry.imported"
)

// Loss says that an edge had to drop readings. It may be published again after the centre has crashed.
type Loss struct {
	ID   string    `json:"id"` // of the edge's record
	Edge string    `json:"edge"`
	At   time.Time `json:"at"`
	wire.LossEvent
}

// happened makes an event of an alarm, of the moment at which it changed.
func happened(ctx context.Context, kind string, a Alarm) event.Event {
	e := event.New(ctx, kind, a.ID, a.Division, a)
	e.At, e.Ephemeral = a.UpdatedAt, kind == AlarmPeaked || kind == AlarmTimed
	return e
}

func (s *Service) publish(ctx context.Context, kind string, a Alarm) {
	s.Events.Publish(ctx, happened(ctx, kind, a))
}

func (s *Service) publishLatest(ctx context.Context, at time.Time, changed []Latest) {
	if len(changed) > 0 {
		s.Events.Publish(ctx, event.Event{At: at, Kind: LatestChanged, Data: changed, Ephemeral: true})
	}
}

// publishLoss says that readings were lost; that a loss which is known has grown is shown and not audited.
func (s *Service) publishLoss(ctx context.Context, at time.Time, loss Loss, known bool) {
	division := ""
	if dev, ok := s.Devices.Visible(ctx, loss.Edge); ok {
		division = dev.Division
	}
	s.Events.Publish(ctx, event.Event{At: at, Kind: ReadingsLost, Subject: loss.Edge, Division: division, Actor: loss.Edge, ActorName: loss.Edge, Data: loss, Ephemeral: known})
}
