package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
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
	base, document, last, err := s.newest(ctx, edge)
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
	if last.State == Failed && last.Hash == hash {
		return last.Number, nil // the terminal has refused it: to say it again would change nothing
	}
	v, err := s.want(ctx, Version{Edge: edge, Document: canonical, Note: clip(note), Author: a.ID, AuthorName: a.Name, Rules: true}, &last.Number)
	return v.Number, err
}

// newest is what waits for a terminal or, when nothing does, what it runs, and the last version of all, whose
// number is the base of a change. errs.Conflict while that is not known.
func (s *Service) newest(ctx context.Context, edge string) (base Version, document []byte, last Version, err error) {
	versions, err := s.Store.Versions(ctx, edge)
	if err != nil {
		return base, nil, last, err
	}
	base, ok := basis(versions)
	if i := slices.IndexFunc(versions, func(v Version) bool { return v.State == Wanted }); i >= 0 {
		base = versions[i]
	}
	if !ok {
		return base, nil, last, errs.E(errs.Conflict, "fleet.unknown", "what %s runs is not known yet", edge)
	}
	document, err = s.Store.Document(ctx, edge, base.Number)
	return base, document, versions[0], err
}

// GivenRules is the rules part of what waits for a terminal or runs there, nil when it goes by its own files.
// errs.Conflict while that is not known.
func (s *Service) GivenRules(ctx context.Context, edge string) (json.RawMessage, error) {
	_, document, _, err := s.newest(ctx, edge)
	if err != nil {
		return nil, err
	}
	return rulesOf(document)
}

func rulesOf(document []byte) (json.RawMessage, error) {
	var part struct{ Rules json.RawMessage }
	if err := json.Unmarshal(document, &part); err != nil {
		return nil, errs.Field("fleet.document", "document", err.Error())
	}
	if string(part.Rules) == "null" {
		return nil, nil
	}
	return part.Rules, nil
}

// refuseRules is for whoever would change the rules of a terminal past the rule book.
func refuseRules(field string) error {
	return errs.Field("fleet.rules", field, "rules: come from the rule book only; change and publish them there")
}

// withRules puts the rules that a terminal has into a document. Only the rule book changes them: a document
// with others is refused, unless they are of the past and to be replaced.
func (s *Service) withRules(ctx context.Context, edge string, document []byte, replace bool) ([]byte, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, errs.Field("fleet.document", "document", err.Error())
	}
	if whole == nil {
		return document, nil // null: the check says what is wrong with it
	}
	has, err := s.GivenRules(ctx, edge)
	if err != nil && errs.KindOf(err) != errs.Conflict {
		return nil, err
	}
	wants, err := rulesOf(document)
	if err != nil {
		return nil, err
	}
	if wants != nil && !replace {
		same, err := sameRules(wants, has)
		if err != nil || !same {
			return nil, refuseRules("document")
		}
	}
	if delete(whole, "rules"); has != nil {
		whole["rules"] = has
	}
	return json.Marshal(whole)
}

// sameRules compares by meaning: a person's editor may order keys otherwise.
func sameRules(a, b json.RawMessage) (bool, error) {
	if b == nil {
		return false, nil
	}
	var one, other any
	if err := errors.Join(json.Unmarshal(a, &one), json.Unmarshal(b, &other)); err != nil {
		return false, err
	}
	return reflect.DeepEqual(one, other), nil
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
