package talk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// List is every scene that can be spoken to and of which the actor may watch a picture or see the terminal.
func (s *Service) List(ctx context.Context) ([]Listener, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return nil, err
	}
	system := actor.WithSystem(ctx, "talk")
	all, err := s.Devices.All(system)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	cameras := map[string][]string{} // by terminal
	terminals := map[string]bool{}
	out := []Listener{}
	for _, d := range all {
		switch {
		case !a.Sees(d.Division):
		case d.Kind == device.Edge:
			terminals[d.ID] = true
		case d.Kind == device.Camera && d.Parent != "":
			cameras[d.Parent] = append(cameras[d.Parent], d.ID)
			terminals[d.Parent] = true
		case d.Kind == device.Camera && s.Pictures.Sends(d.ID):
			out = append(out, s.held(Listener{ID: d.ID, Kind: Phone, Cameras: []string{d.ID}, Online: true}, now))
		}
	}
	for id := range terminals {
		speaker, err := s.speaker(system, id)
		if err != nil {
			return nil, err
		}
		edge, ok := s.Devices.Visible(system, id)
		if speaker == nil || !ok {
			continue
		}
		l := Listener{ID: id, Kind: Terminal, Cameras: cameras[id], Online: edge.State == device.Online, Speaker: speaker}
		if l.Cameras == nil {
			l.Cameras = []string{}
		}
		slices.Sort(l.Cameras)
		out = append(out, s.held(l, now))
	}
	slices.SortFunc(out, func(a, b Listener) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// held fills in who speaks to a listener.
func (s *Service) held(l Listener, now time.Time) Listener {
	if h, ok := s.floors.Of(l.ID, now); ok {
		l.By, l.Since = &h.By, &h.Since
	}
	return l
}

// speaker is what a terminal said of its speaker; nil: it has none.
func (s *Service) speaker(ctx context.Context, edge string) (*wire.SpeakerState, error) {
	r, err := s.Devices.Reported(ctx, edge)
	if errs.KindOf(err) == errs.NotFound {
		return nil, nil //nolint:nilnil // it has none, or has not said so
	}
	if err != nil || r.Status.Speaker == nil {
		return nil, err
	}
	out := *r.Status.Speaker
	out.Error = wire.Text(out.Error, maxFault)
	out.Cameras = slices.Clone(out.Cameras[:min(len(out.Cameras), maxHorns)])
	for i := range out.Cameras {
		c := &out.Cameras[i]
		c.Camera, c.Fault, c.Error = wire.Text(c.Camera, wire.MaxIDLength), wire.HornFault(wire.Text(string(c.Fault), wire.MaxIDLength)), wire.Text(c.Error, maxFault)
	}
	return &out, nil
}

// find finds a listener that the actor may speak to.
func (s *Service) find(ctx context.Context, id string) (listener, error) {
	none := errs.E(errs.NotFound, "talk.no_listener", "there is nobody to speak to at %.64s", id)
	a, _ := actor.From(ctx)
	all, err := s.Devices.All(actor.WithSystem(ctx, "talk"))
	if err != nil {
		return listener{}, err
	}
	l := listener{}
	for _, d := range all {
		if d.Kind == device.Camera && a.Sees(d.Division) && (d.Parent == id || (d.ID == id && d.Parent == "")) {
			l.cameras = append(l.cameras, d.ID)
		}
	}
	d, ok := s.Devices.Visible(ctx, id)
	if !ok && len(l.cameras) > 0 { // who may see the camera need not see its terminal
		d, ok = s.Devices.Visible(actor.WithSystem(ctx, "talk"), id)
	}
	switch {
	case !ok:
		return listener{}, none
	case d.Kind == device.Edge:
		l.kind = Terminal
	case d.Kind == device.Camera && d.Parent == "":
		l.kind = Phone
	default:
		return listener{}, none
	}
	l.device = d
	return l, nil
}

// reachable says why a listener cannot be reached now.
func (s *Service) reachable(ctx context.Context, l listener) error {
	id := l.device.ID
	if l.kind == Phone {
		if !s.Pictures.Sends(id) {
			return errs.E(errs.Unavailable, "talk.offline", "the phone %s does not send now", cmp.Or(l.device.Name, id))
		}
		return nil
	}
	if l.device.State != device.Online {
		return errs.E(errs.Unavailable, "talk.offline", "terminal %s is not connected", id)
	}
	speaker, err := s.speaker(actor.WithSystem(ctx, "talk"), id)
	if err != nil {
		return err
	}
	if speaker == nil {
		return errs.E(errs.Conflict, "talk.no_speaker", "terminal %s has no speaker: neither a command in its edge.yml nor a camera with speaker: true", id)
	}
	return nil
}
