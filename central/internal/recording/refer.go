package recording

import (
	"context"
	"slices"

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
	stream, reference, err := s.kept(ctx, kind, id)
	if err != nil {
		return err
	}
	_, d, err := s.visible(ctx, stream, may)
	if err != nil {
		return err
	}
	if from == "" || reference != from {
		return errs.E(errs.Conflict, "recording.referred", "this %s is not kept for %.100s; look at it again", kind, from)
	}
	if to == "" || !errs.Line(to, maxReference) {
		return errs.Field("recording.reference", "reference", "1 to 100 characters on one line")
	}
	e := event.New(ctx, EventReferred, stream, d.Division, Referred{Kind: kind, ID: id, From: from, To: to})
	return s.change(ctx, &e, func(ctx context.Context) error { return s.Store.Refer(ctx, kind, id, to) })
}

// kept is the stream of something that is kept, and what it is kept for.
func (s *Service) kept(ctx context.Context, kind, id string) (stream, reference string, err error) {
	switch kind {
	case "snapshot":
		p, err := s.Store.Snapshot(ctx, id)
		return p.Stream, p.Reference, err
	case "clip":
		list, err := s.Store.Clips(ctx)
		if err != nil {
			return "", "", err
		}
		if at := slices.IndexFunc(list, func(c Clip) bool { return c.ID == id }); at >= 0 {
			return list[at].Stream, list[at].Reference, nil
		}
		return "", "", errs.E(errs.NotFound, "recording.no_clip", "clip %.64s does not exist any more", id)
	case "hold":
		list, err := s.Store.Holds(ctx)
		if err != nil {
			return "", "", err
		}
		if at := slices.IndexFunc(list, func(h Hold) bool { return h.ID == id }); at >= 0 {
			return list[at].Stream, list[at].Reference, nil
		}
		return "", "", errs.E(errs.NotFound, "recording.no_hold", "hold %.64s does not exist", id)
	}
	return "", "", errs.E(errs.Invalid, "recording.kind", "%.20q is nothing that is kept", kind)
}
