package recording

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Refer keeps a snapshot, a clip or a hold under another incident than before, as far as the actor may change it. Call
// it in a transaction to join it. The note of a clip that was made says for what it was made and stays.
func (s *Service) Refer(ctx context.Context, kind, id, from, to string) error {
	may := actor.VideoRecord
	if kind == "clip" {
		may = actor.VideoExport
	}
	if _, err := actor.Require(ctx, may); err != nil {
		return err
	}
	k, err := s.kept(ctx, kind, id)
	if err != nil {
		return err
	}
	_, d, err := s.visible(ctx, k.stream, may)
	if err != nil {
		return err
	}
	if err := s.mine(ctx, may, k.org, k.orgName); err != nil {
		return err
	}
	if from == "" || k.reference != from {
		return errs.E(errs.Conflict, "recording.referred", "this %s is not kept for %.100s; look at it again", kind, from)
	}
	if to == "" || !errs.Line(to, maxReference) {
		return errs.Field("recording.reference", "reference", "1 to 100 characters on one line")
	}
	e := event.New(ctx, EventReferred, k.stream, d.Division, Referred{Kind: kind, ID: id, From: from, To: to})
	return s.change(ctx, &e, func(ctx context.Context) error { return s.Store.Refer(ctx, kind, id, to) })
}

// kept is something that is kept: of which stream, for what and by whom.
type kept struct{ stream, reference, org, orgName string }

func (s *Service) kept(ctx context.Context, kind, id string) (kept, error) {
	switch kind {
	case "snapshot":
		p, err := s.Store.Snapshot(ctx, id)
		return kept{p.Stream, p.Reference, p.OrgID, p.OrgName}, err
	case "clip":
		c, err := s.Store.Clip(ctx, id)
		return kept{c.Stream, c.Reference, c.OrgID, c.OrgName}, err
	case "hold":
		h, err := s.Store.Hold(ctx, id)
		return kept{h.Stream, h.Reference, h.OrgID, h.OrgName}, err
	}
	return kept{}, errs.E(errs.Invalid, "recording.kind", "%.20q is nothing that is kept", kind)
}
