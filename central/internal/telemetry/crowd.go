package telemetry

import (
	"context"
	"maps"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// A terminal may have rules of its own. Nobody at the centre has read them, so what they raise is limited:
// beyond it stands one alarm of the terminal that says so. Alarms by rules of the centre are not counted,
// for there are only so many rules and devices.
const (
	ownOfDevice = 8
	ownOfEdge   = 100
	crowdedFor  = time.Minute // and so long nothing more of its own rules is taken
	crowdRule   = "too-many-alarms"
)

// Reasons of refusals that telemetry finds.
const (
	ReasonCrowd = "too_many_alarms"
	ReasonAlarm = "alarm" // malformed, of a device that is not behind the edge, or about what only the centre judges
)

func tooManyAlarms() rule.Rule {
	return rule.Rule{
		ID: crowdRule, Name: "终端自有规则报警过多", NameEN: "Too many alarms by the terminal's own rules", Class: anyClass, Property: "alarms",
		Condition: rule.Above, Limit: ownOfDevice, Clear: ownOfDevice / 2, Level: 3,
		Source: "本项目约定，docs/protocol.md 第 3.4 节。A figure of this project, docs/protocol.md section 3.4.",
	}
}

// theirs reports whether an alarm was raised by a rule that only its edge knows.
func (s *Service) theirs(k Key, origin string) bool {
	if origin == Centre {
		return false
	}
	r := s.ruleOf(k.Rule)
	return r == nil || r.Property != k.Property
}

// ours reports whether no terminal has a say in the alarms of a key: they are about what it cannot judge itself, above
// all that there are two of it, or were raised here by a rule that only the centre has.
func (s *Service) ours(k Key, kind device.Kind) bool {
	r := s.ruleOf(k.Rule)
	if r != nil {
		return r.Class == anyClass || r.Condition == rule.Silent && kind == device.Edge
	}
	held := s.active[k]
	return held != nil && held.Holds() && held.Origin == Centre
}

// room reports whether an edge may open one more alarm by a rule of its own on a device.
func (s *Service) room(ctx context.Context, a arrival, device string) bool {
	if a.received.Before(s.crowded[a.edge]) || a.received.Before(s.crowded[device]) {
		s.Devices.Refused(ctx, a.edge, ReasonCrowd, device, 1)
		return false
	}
	onDevice, ofEdge := 0, 0
	for k, held := range s.active {
		if held.Origin != a.edge || !s.theirs(k, held.Origin) {
			continue
		}
		ofEdge++
		if k.Device == device {
			onDevice++
		}
	}
	if onDevice < ownOfDevice && ofEdge < ownOfEdge {
		return true
	}
	s.Devices.Refused(ctx, a.edge, ReasonCrowd, device, 1)
	full := device
	if ofEdge >= ownOfEdge {
		full = a.edge
	}
	s.crowded[full] = a.received.Add(crowdedFor)
	at := wire.Millis(a.received)
	s.raise(ctx, raising{
		key: Key{crowdRule, a.edge, "alarms"}, rule: s.ruleOf(crowdRule), at: at, value: float64(ofEdge), peak: float64(ofEdge),
		received: a.received, origin: Centre,
	})
	return false
}

// thin ends the alarm about too many once there are few again.
func (s *Service) thin(ctx context.Context, now time.Time) {
	maps.DeleteFunc(s.crowded, func(_ string, until time.Time) bool { return !now.Before(until) })
	for edge, held := range s.active {
		if edge.Rule != crowdRule || !held.Holds() {
			continue
		}
		most := map[string]int{}
		n := 0
		for k, one := range s.active {
			if one.Origin == edge.Device && s.theirs(k, one.Origin) {
				n++
				most[k.Device]++
			}
		}
		full := n >= ownOfEdge
		for _, of := range most {
			full = full || of >= ownOfDevice
		}
		if !full {
			s.end(ctx, edge, now, now)
		}
	}
}
