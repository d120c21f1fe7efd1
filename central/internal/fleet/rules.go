package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/desired"
)

// GiveRules makes the rules part of what a terminal is to run, in place of those in its configuration, and
// says by which version: the one that has them already, or a new one. It builds on what waits for the
// terminal, so that nothing which a person wants is lost. Errors: errs.Conflict while it is not known what
// the terminal runs, errs.Invalid when the document would be too large.
func (s *Service) GiveRules(ctx context.Context, edge string, rules json.RawMessage, note string) (uint64, error) {
	a, err := actor.Require(ctx, actor.RulePublish)
	if err != nil {
		return 0, err
	}
	versions, err := s.Store.Versions(ctx, edge)
	if err != nil {
		return 0, err
	}
	base, ok := basis(versions)
	if i := slices.IndexFunc(versions, func(v Version) bool { return v.State == Wanted }); i >= 0 {
		base = versions[i]
	}
	if !ok {
		return 0, errs.E(errs.Conflict, "fleet.unknown", "what %s runs is not known yet", edge)
	}
	document, err := s.Store.Document(ctx, edge, base.Number)
	if err != nil {
		return 0, err
	}
	part, err := json.Marshal(map[string]json.RawMessage{"rules": rules})
	if err != nil {
		return 0, fmt.Errorf("write rules of %s: %w", edge, err)
	}
	merged, err := desired.Merge(document, part)
	if err != nil {
		return 0, err
	}
	canonical, err := s.check(ctx, edge, merged)
	if err != nil {
		return 0, err
	}
	hash := desired.Hash(canonical)
	if hash == base.Hash {
		return base.Number, nil
	}
	if newest := versions[0]; newest.State == Failed && newest.Hash == hash {
		return newest.Number, nil // the terminal has refused it: to say it again would change nothing
	}
	v, err := s.want(ctx, Version{Edge: edge, Document: canonical, Note: clip(note), Author: a.ID, AuthorName: a.Name, Rules: true}, nil)
	return v.Number, err
}

// clip makes a reason fit a note.
func clip(note string) string {
	text := []rune(note)
	return string(text[:min(len(text), maxNote)])
}

// How a terminal stands with what it was given.
const (
	StandWaiting = "waiting"
	StandApplied = "applied"
	StandFailed  = "failed"
)

// RulesStand says what became of a version that GiveRules has made, and why it failed. One that has been
// replaced stands as what came after it, which was built on it.
func (s *Service) RulesStand(ctx context.Context, edge string, number uint64) (state, why string, err error) {
	versions, err := s.Store.Versions(ctx, edge)
	if err != nil {
		return "", "", err
	}
	for _, v := range slices.Backward(versions) {
		if v.Number < number || v.State == Withdrawn {
			continue
		}
		switch v.State {
		case Wanted:
			return StandWaiting, "", nil
		case Failed:
			state, why = StandFailed, v.Error
		default:
			return StandApplied, "", nil
		}
	}
	if state == "" {
		state = StandWaiting
	}
	return state, why, nil
}
