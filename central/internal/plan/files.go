package plan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// AddFile attaches a file: a map, opinions, the minutes of a review, a receipt.
func (s *Service) AddFile(ctx context.Context, id string, f File) (File, error) {
	if _, err := actor.Require(ctx, actor.PlanWrite); err != nil {
		return File{}, err
	}
	switch {
	case !slices.Contains([]string{"map", "opinion", "review", "receipt", "other"}, f.Kind):
		return File{}, errs.Field("plan.file_kind", "kind", "must be map, opinion, review, receipt or other")
	case !errs.Name(f.Name, maxTitle):
		return File{}, errs.Field("plan.file_name", "name", "1 to 120 characters on one line")
	case len(f.Bytes) == 0 || len(f.Bytes) > MaxFile:
		return File{}, errs.Field("plan.file_size", "file", "1 byte to 1 MB")
	case !errs.Line(f.Type, maxTitle):
		return File{}, errs.Field("plan.file_type", "type", "is no media type")
	}
	sum := sha256.Sum256(f.Bytes)
	f.ID, f.PlanID, f.Size, f.Hash, f.At = newID(), id, len(f.Bytes), hex.EncodeToString(sum[:]), stamp()
	_, err := s.change(ctx, id, actor.PlanWrite, func(ctx context.Context, a actor.Actor, _ *Plan) (string, trace, error) {
		list, err := s.Store.FilesOf(ctx, id)
		if err != nil {
			return "", trace{}, err
		}
		if len(list) >= maxFiles {
			return "", trace{}, errs.E(errs.Conflict, "plan.files", "a plan has at most %d attachments", maxFiles)
		}
		f.ByName = a.Name
		return EventFile, trace{What: f.Name}, s.Store.AddFile(ctx, f)
	})
	return f, err
}

// File reads an attachment.
func (s *Service) File(ctx context.Context, id, file string) (File, error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return File{}, err
	}
	p, err := s.load(ctx, a, id)
	if err != nil {
		return File{}, err
	}
	f, err := s.Store.File(ctx, id, file)
	if err != nil {
		return File{}, err
	}
	inside, err := s.inside(ctx, a, p)
	if err == nil && !inside && f.confidential() {
		err = errs.E(errs.NotFound, "plan.no_file", "there is no such attachment among those that you see")
	}
	if err != nil {
		return File{}, err
	}
	return f, nil
}

// confidential reports whether a file is about how the plan came about: opinions and minutes.
func (f File) confidential() bool { return f.Kind == "opinion" || f.Kind == "review" }

// inside reports whether somebody reads how a plan came about: who worked on it, its organisation and those above it.
func (s *Service) inside(ctx context.Context, a actor.Actor, p Plan) (bool, error) {
	if a.Kind == actor.System || p.wrote(a.ID) {
		return true, nil
	}
	u, err := s.Accounts.User(actor.WithSystem(ctx, "plan"), a.ID)
	if err != nil {
		return false, err
	}
	tree, err := s.orgs(ctx)
	return account.Under(tree, p.OrgID, u.OrgID), err
}

// RemoveFile takes an attachment of the draft away. A receipt stays, and so does what was there when the version in
// force was published.
func (s *Service) RemoveFile(ctx context.Context, id, file string) error {
	_, err := s.change(ctx, id, actor.PlanWrite, func(ctx context.Context, _ actor.Actor, p *Plan) (string, trace, error) {
		f, err := s.Store.File(ctx, id, file)
		if err != nil {
			return "", trace{}, err
		}
		if f.Kind == "receipt" {
			return "", trace{}, errs.E(errs.Conflict, "plan.receipt", "a receipt stays with the plan")
		}
		if p.Published != nil && !f.At.After(*p.Published) {
			return "", trace{}, errs.E(errs.Conflict, "plan.file_published", "this attachment belongs to the version that was published; it stays")
		}
		return EventUnfile, trace{What: f.Name}, s.Store.RemoveFile(ctx, id, file)
	})
	return err
}
