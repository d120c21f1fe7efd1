package telemetry

import (
	"context"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// Two terminals with one identity, such as a copied card, take turns on one session. Their readings are kept
// apart by their epochs (device.Greeting); that there are two is an alarm of the terminal.
const (
	twinRule     = "terminal-twin"
	twinProperty = "identity"
	twinsApart   = 15 * time.Minute // so long only one has spoken: there is one again
)

func oneIdentity() rule.Rule {
	return rule.Rule{
		ID: twinRule, Name: "两台终端共用一个身份", NameEN: "Two terminals with one identity", Class: anyClass, Property: twinProperty, Condition: rule.Above, Limit: 1, Level: 2,
		Source: "两个不同的启动轮流以同一终端身份上线，docs/protocol.md 第 5 节。Two starts take turns under one identity, docs/protocol.md section 5.",
	}
}

// Twins takes that two terminals speak as one edge.
func (s *Service) Twins(ctx context.Context, edge string, twins []device.Life, now time.Time) {
	ctx = actor.WithSystem(ctx, "rules")
	s.mu.Lock()
	defer s.mu.Unlock()
	k := Key{twinRule, edge, twinProperty}
	s.twins[edge] = now
	if a := s.active[k]; a != nil && a.Holds() {
		return
	}
	lives := make([]string, len(twins))
	for i, one := range twins {
		lives[i] = one.Address + " (" + one.Boot + ")"
	}
	note := strings.Join(lives, " | ")
	s.raise(ctx, raising{key: k, rule: s.ruleOf(twinRule), at: wire.Millis(now), value: float64(len(twins)), peak: float64(len(twins)), received: now, origin: Centre, note: note})
}

// single ends the alarms about twins of which only one has spoken for a while.
func (s *Service) single(ctx context.Context, now time.Time) {
	for k, a := range s.active {
		if k.Rule != twinRule || !a.Holds() {
			continue
		}
		if s.twins[k.Device].IsZero() { // the centre was away
			s.twins[k.Device] = now
		}
		if now.Sub(s.twins[k.Device]) >= twinsApart {
			delete(s.twins, k.Device)
			s.end(ctx, k, now, now)
		}
	}
}
