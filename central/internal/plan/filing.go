package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Registration is the filing (备案) of one published version. It is owed of each, also of one that the next has replaced before
// it was filed, and has clocks of its own.
type Registration struct {
	No        int        `json:"no"` // of the version
	Published time.Time  `json:"published_at"`
	HandedAt  *time.Time `json:"handed_at,omitempty"` // handed in, the receipt is awaited
	FiledAt   *time.Time `json:"filed_at,omitempty"`
	Receipt   string     `json:"receipt"` // its number
	DueWhat   string     `json:"due_what"`
	DueAt     *time.Time `json:"due_at,omitempty"`
}

// What is done about a filing.
const (
	FilingHand    = "hand"    // handed in
	FilingReturn  = "return"  // given back, with the reason
	FilingReceipt = "receipt" // answered
)

// NewFiling is what somebody does about the filing of a version. Edit is the head that was seen.
type NewFiling struct {
	Do     string
	Edit   int
	Note   string
	Number string // of the receipt
}

// filing is that of a version. Of one from before filings were kept it is begun by what its plan says.
func (p *Plan) filing(no int) *Registration {
	if k := slices.IndexFunc(p.Filings, func(f Registration) bool { return f.No == no }); k >= 0 {
		return &p.Filings[k]
	}
	if no != p.Version || p.Published == nil {
		return nil
	}
	f := Registration{No: no, Published: *p.Published, FiledAt: p.FiledAt}
	if since := p.Since; p.State == Filing {
		f.HandedAt = &since
	}
	p.Filings = append(p.Filings, f)
	return &p.Filings[len(p.Filings)-1]
}

// after is the filing after something was done about it.
func (f *Registration) after(do, number string, now time.Time) error {
	switch {
	case f.FiledAt != nil:
		return errs.E(errs.Conflict, "plan.filed", "the version is filed already; look at it again")
	case do == FilingHand && f.HandedAt == nil:
		f.HandedAt = &now
	case do == FilingReturn && f.HandedAt != nil:
		f.HandedAt = nil
	case do == FilingReceipt && f.HandedAt != nil:
		f.FiledAt, f.Receipt = &now, number
	case do == FilingHand || do == FilingReturn || do == FilingReceipt:
		return errs.E(errs.Conflict, "plan.filing_step", "the version was handed in already, or was not yet; look at it again")
	default:
		return errs.Field("plan.filing", "do", "must be hand, return or receipt")
	}
	return nil
}

// FileVersion does something about the filing of a published version that the steps of its plan do not reach: another has
// replaced it, or the next one is being written.
func (s *Service) FileVersion(ctx context.Context, id string, no int, n NewFiling) (Plan, error) {
	n.Note, n.Number = strings.TrimSpace(n.Note), strings.TrimSpace(n.Number)
	need := map[string]State{FilingHand: Filing, FilingReturn: Published, FilingReceipt: Filed}[n.Do]
	return s.change(ctx, id, needs(need), func(ctx context.Context, a actor.Actor, p *Plan) (string, trace, error) {
		f := p.filing(no)
		switch {
		case p.Edit != n.Edit:
			return "", trace{}, errs.E(errs.Conflict, "plan.changed", "somebody has changed the plan meanwhile; look at it again")
		case f == nil:
			return "", trace{}, errs.E(errs.NotFound, "plan.not_found", "there is no such version to be filed")
		case p.State == Abolished:
			return "", trace{}, errs.E(errs.Conflict, "plan.step", "a plan that is %s is not filed any more", p.State)
		case no == p.Version && slices.Contains([]State{Published, Filing}, p.State):
			return "", trace{}, errs.E(errs.Conflict, "plan.filing_moves", "the version in force is filed by the next step of the plan itself")
		case !errs.Text(n.Note, maxNote):
			return "", trace{}, errs.Field("plan.note", "note", "at most 2000 characters")
		case n.Do == FilingReturn && n.Note == "":
			return "", trace{}, errs.Field("plan.reason", "note", "say why")
		case !errs.Line(n.Number, maxTitle) || (n.Do == FilingReceipt && n.Number == ""):
			return "", trace{}, errs.Field("plan.number", "number", "give the number of the document, at most 120 characters on one line")
		}
		now := stamp()
		if err := f.after(n.Do, n.Number, now); err != nil {
			return "", trace{}, err
		}
		if no == p.Version {
			p.FiledAt = f.FiledAt
		}
		if err := s.watch(ctx, p); err != nil {
			return "", trace{}, err
		}
		return EventFiling, trace{To: need, Version: no}, s.Store.AddStep(ctx, Step{PlanID: p.ID, At: now, By: a.ID, ByName: a.Name, From: p.State, To: need, Note: n.Note, Number: n.Number, Version: no})
	})
}

// file follows a step of the plan in the filing of the version in force.
func (p *Plan) file(from State, n NewStep, now time.Time) error {
	do := map[Move]string{{Published, Filing}: FilingHand, {Filing, Published}: FilingReturn, {Filing, Filed}: FilingReceipt}[Move{from, n.To}]
	f := p.filing(p.Version)
	if do == "" || f == nil || (do == FilingHand && f.HandedAt != nil) { // handed in while it was assessed
		return nil
	}
	err := f.after(do, n.Number, now)
	p.FiledAt = f.FiledAt
	return err
}

// owe sets what is due next of the filing of each version, and its clocks.
func (s *Service) owe(ctx context.Context, p *Plan) error {
	p.filing(p.Version)
	for k := range p.Filings {
		f := &p.Filings[k]
		owner := deadline.Owner{Kind: OwnerKind, ID: fmt.Sprintf("%s %d", p.ID, f.No)}
		f.DueWhat, f.DueAt = "", nil
		limit, base := s.Pack.File, f.Published
		switch {
		case f.FiledAt != nil || p.State == Abolished:
		case f.HandedAt != nil:
			f.DueWhat, limit, base = DueReceipt, s.Pack.Receipt, *f.HandedAt
		default:
			f.DueWhat = DueFile
		}
		for _, kind := range []string{DueFile, DueReceipt} {
			if kind == f.DueWhat {
				continue
			}
			to := deadline.Met
			if p.State == Abolished {
				to = deadline.Dropped
			}
			if err := s.Clocks.End(ctx, owner, "plan."+kind, to); err != nil {
				return err
			}
		}
		if f.DueWhat == "" {
			continue
		}
		at, err := s.workdays(ctx, base, limit.Workdays)
		if err != nil {
			return err
		}
		f.DueAt = &at
		named := *p
		named.Name = fmt.Sprintf("%s 第%d版", p.Name, f.No)
		if err := s.set(ctx, named, owner, f.DueWhat, s.rule(limit.Clause), base, at); err != nil {
			return err
		}
	}
	return nil
}
