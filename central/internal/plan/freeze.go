package plan

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Frozen is a text of a plan as it is carried out: what was approved, or in an emergency the draft as it stood.
type Frozen struct {
	Plan    Plan
	Version int    // 0: the draft
	Hash    string // SHA-256 of Text
	Text    []byte
	Body    Body
	Due     map[string]int    // of an action: minutes after the response began; none where it follows itself
	Clauses map[string]string // of a chapter: 5.2 响应措施
}

// Thaw reads a text that was frozen.
func Thaw(p Plan, version int, hash string, text []byte) (Frozen, error) {
	b, err := parse(text)
	if err != nil {
		return Frozen{}, err
	}
	return Frozen{p, version, hash, text, b, b.due(), b.clauses()}, nil
}

// Freeze gives a version of a plan, or with 0 its draft, to a capability above, which has authorised that.
func (s *Service) Freeze(ctx context.Context, id string, version int) (Frozen, error) {
	p, err := s.Store.Plan(ctx, id)
	if err != nil {
		return Frozen{}, err
	}
	if version == 0 {
		text, err := s.Store.Draft(ctx, id)
		if err != nil {
			return Frozen{}, err
		}
		f, err := Thaw(p, 0, "", text)
		if err != nil {
			return Frozen{}, err
		}
		f.Hash, f.Text, err = f.Body.Hash()
		return f, err
	}
	v, text, err := s.Store.Version(ctx, id, version)
	if errs.KindOf(err) == errs.NotFound {
		return Frozen{}, errs.Field("plan.version", "version", "the plan has no such version")
	}
	if err != nil {
		return Frozen{}, err
	}
	return Thaw(p, version, v.Hash, text)
}

// Alive lists the plans that were not abolished, for a capability above, which has authorised that.
func (s *Service) Alive(ctx context.Context) ([]Plan, error) {
	all, err := s.Store.Plans(ctx)
	if err != nil {
		return nil, err
	}
	out := []Plan{}
	for _, p := range all {
		if p.State != Abolished {
			out = append(out, p)
		}
	}
	return out, nil
}

// At lists the actions of a level, in the order of the plan.
func (b Body) At(level int) []Action { return b.at(level) }
