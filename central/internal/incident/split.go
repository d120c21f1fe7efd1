package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Parts name what goes over to the incident that is split off: lines of the timeline by their number, the rest by id.
// Figures and entries of public opinion count there from then on. Lines and tasks are read in both: what was written
// stays where it was written, and the response that gave a task goes on with it. Pictures and films that are kept
// under the number of the old incident are kept under that of the new one.
type Parts struct {
	Lines     []int
	Figures   []string
	Opinions  []string
	Tasks     []string
	Snapshots []string
	Clips     []string
	Holds     []string // of recordings
}

// Media are pictures and films that are kept under the number of an incident (recording.Service).
type Media interface {
	// Refer keeps one of a kind (snapshot, clip, hold) under another number, as far as the actor may.
	Refer(ctx context.Context, kind, id, from, to string) error
}

// Halves is how an incident is split: what the new one is, what goes over, and why.
type Halves struct {
	Version                                        int
	Title, Category, Place, Division, Summary, Why string
	Lon, Lat                                       *float64
	OccurredAt                                     time.Time // zero: that of the old one
	Parts
}

// Move says that something of an incident belongs to another since it was split.
type Move struct {
	Kind   string // line, figure, opinion, task, snapshot, clip or hold
	Ref    string // id; of a line FROM/NO
	From   string
	To     string
	At     time.Time
	ByName string
}

func (p Parts) moves(from, to, by string, at time.Time) []Move {
	var out []Move
	add := func(kind, ref string) { out = append(out, Move{kind, ref, from, to, at, by}) }
	for _, n := range p.Lines {
		add("line", fmt.Sprintf("%s/%d", from, n))
	}
	for kind, refs := range map[string][]string{"figure": p.Figures, "opinion": p.Opinions, "task": p.Tasks, "snapshot": p.Snapshots, "clip": p.Clips, "hold": p.Holds} {
		for _, ref := range refs {
			add(kind, ref)
		}
	}
	slices.SortFunc(out, func(a, b Move) int { return strings.Compare(a.Kind+a.Ref, b.Kind+b.Ref) })
	return slices.CompactFunc(out, func(a, b Move) bool { return a.Kind == b.Kind && a.Ref == b.Ref })
}

// most is the most that goes over at once.
const most = 2000

// Split makes two incidents of one. Both timelines say so; merging the new one into the old undoes it. It answers the
// new one.
func (s *Service) Split(ctx context.Context, id string, h Halves) (Incident, error) {
	var next Incident
	_, err := s.edit(ctx, id, h.Version, func(ctx context.Context, i *Incident, a actor.Actor, reach Reach, note noter) error {
		if i.State != Open {
			return errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
		}
		if !errs.Name(h.Why, MaxPlace) {
			return errs.Field("incident.why", "why", "say why, in 1 to 200 characters on one line")
		}
		now := stamp()
		owner := account.Org{ID: i.OrgID, Name: i.OrgName}
		tree, err := s.Desks.Tree(ctx)
		if err != nil {
			return err
		}
		if o, ok := Find(tree, i.OrgID); ok {
			owner = o
		}
		next = i.half(h, now, a.Name)
		if err := next.validate(s.Categories, now); err != nil {
			return err
		}
		if !a.Covers(next.Division) {
			return errs.Field("incident.division_outside", "division", "must be "+a.DivisionCode+" or below it")
		}
		if next.No, err = s.number(ctx, owner.Division, next.Exercise, now); err != nil {
			return err
		}
		if err := s.Store.Save(ctx, next, 0); err != nil {
			return err
		}
		if err := s.knew(ctx, next, owner, Known{Kind: "split", Ref: i.ID, Text: i.No + " " + i.Title}); err != nil {
			return err
		}
		if err := s.move(ctx, *i, next, reach, h.Parts, a.Name, now); err != nil {
			return err
		}
		if err := note(ctx, next, reach.Desk, Step{Kind: Halved, Act: "from", Text: i.No + " " + i.Title + "：" + h.Why, Ref: i.ID}, EventOpened); err != nil {
			return err
		}
		if err := note(ctx, *i, reach.Desk, Step{Kind: Halved, Act: "off", Text: next.No + " " + next.Title + "：" + h.Why, Ref: next.ID}, EventSplit); err != nil {
			return err
		}
		if err := s.followed(ctx, next); err != nil {
			return err
		}
		return s.refer(ctx, *i, next, h.Parts)
	})
	return next, err
}

// refer keeps pictures and films for the new incident. It comes last, for it writes into the audit trail, whose lock is
// the last one.
func (s *Service) refer(ctx context.Context, from, to Incident, p Parts) error {
	for _, one := range []struct {
		kind string
		ids  []string
	}{{"snapshot", p.Snapshots}, {"clip", p.Clips}, {"hold", p.Holds}} {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(one.ids))) {
			if s.Media == nil {
				return errs.Field("incident.parts", one.kind+"s", "one of them is not of this incident; look at it again")
			}
			if err := s.Media.Refer(ctx, one.kind, id, from.No, to.No); err != nil {
				return err
			}
		}
	}
	return nil
}

// half is the incident that is split off, of the same desk and known since the same time.
func (i Incident) half(h Halves, now time.Time, by string) Incident {
	out := Incident{
		ID: newID(), OrgID: i.OrgID, OrgName: i.OrgName, Title: strings.TrimSpace(h.Title), Category: h.Category, Sensitive: i.Sensitive, Place: strings.TrimSpace(h.Place), Division: h.Division,
		Lon: h.Lon, Lat: h.Lat, Summary: strings.TrimSpace(h.Summary), OccurredAt: event.Stamp(h.OccurredAt), KnownAt: i.KnownAt, State: Open, Exercise: i.Exercise, OpenedAt: now, OpenedBy: by, Version: 1, UpdatedAt: now,
	}
	if out.Category == "" {
		out.Category = i.Category
	}
	if out.Division == "" {
		out.Division = i.Division
	}
	if h.OccurredAt.IsZero() {
		out.OccurredAt = i.OccurredAt
	}
	return out
}

// move hands the parts over, each of which must be of the incident and within the actor's reach.
func (s *Service) move(ctx context.Context, from, to Incident, reach Reach, p Parts, by string, now time.Time) error {
	list := p.moves(from.ID, to.ID, by, now)
	if len(list) > most {
		return errs.Field("incident.parts", "lines", fmt.Sprintf("at most %d parts go over at once", most))
	}
	steps, err := s.Store.Steps(ctx, from.ID)
	if err != nil {
		return err
	}
	for _, n := range p.Lines {
		if !slices.ContainsFunc(steps, func(st Step) bool { return st.IncidentID == from.ID && st.No == n && reach.reads(st) }) {
			return errs.Field("incident.parts", "lines", fmt.Sprintf("the timeline has no line %d", n))
		}
	}
	for _, m := range list {
		switch m.Kind {
		case "line":
		case "snapshot", "clip", "hold": // refer asks
		default:
			ok, err := s.Store.Part(ctx, from.ID, m.Kind, m.Ref)
			if err != nil {
				return err
			}
			if !ok {
				return errs.Field("incident.parts", m.Kind+"s", "one of them is not of this incident; look at it again")
			}
		}
		if err := s.Store.AddMove(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// number is the next one of a division and a year.
func (s *Service) number(ctx context.Context, division, exercise string, now time.Time) (string, error) {
	year := now.In(event.China()).Format("2006")
	if exercise != "" {
		year = "演" + year // numbers of exercises are none of the register
	}
	n, err := s.Store.Count(ctx, division, year)
	return fmt.Sprintf("%s-%s-%04d", year, division, n+1), err
}
