package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Begin opens the next version of the own desk's chain, filled with what is known; a draft that is there is gone on
// with. An empty kind is the first report, then follow-ups; after the final one, corrections.
func (s *Service) Begin(ctx context.Context, incidentID string, kind Kind) (View, error) {
	i, err := s.Incidents.Get(ctx, incidentID)
	if err != nil {
		return View{}, err
	}
	return s.begin(ctx, i, kind, nil)
}

// begin opens a draft; from is the hop that it passes on, with the report of below.
func (s *Service) begin(ctx context.Context, i incident.Incident, kind Kind, from *Hop) (View, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return View{}, err
	}
	if i.State == incident.Merged || i.State == incident.Void {
		return View{}, errs.E(errs.Conflict, "report.no_incident", "the incident was merged or withdrawn; report the one that stands")
	}
	var r Report
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		chain, err := s.Store.Chain(ctx, i.ID, o.ID)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(chain, func(r Report) bool { return r.State == Drafted }); at >= 0 {
			r = chain[at]
			return nil
		}
		now := stamp()
		r = Report{
			ID: newID(), IncidentID: i.ID, IncidentNo: i.No, IncidentTitle: i.Title, Category: i.Category, OrgID: o.ID, OrgName: o.Name, Division: o.Division,
			State: Drafted, Template: s.Templates.For(i.Category).ID, Level: i.Level, Answers: map[string]string{}, Waived: map[string]string{}, Missing: []string{}, Pictures: []Picture{},
			Changed: []string{}, WrittenBy: a.Name, UpdatedBy: a.Name, UpdatedAt: now, CreatedAt: now, Version: 1,
		}
		if from != nil {
			r.FromHop = from.ID
		}
		if err := s.next(ctx, &r, chain, kind); err != nil {
			return err
		}
		if err := s.fill(ctx, &r, i, chain, from); err != nil {
			return err
		}
		if err := s.Store.Save(ctx, r, 0); err != nil {
			return err
		}
		note(ctx, EventDrafted, r.ID, r.Division, Trace{Name: r.Title})
		return nil
	})
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, o, r)
}

// next decides which version comes: kind, number and the one before. A version that was returned is done again.
func (s *Service) next(ctx context.Context, r *Report, chain []Report, kind Kind) error {
	count := map[Kind]int{}
	var last, returned *Report
	for n := range chain {
		one := &chain[n]
		back, err := s.returned(ctx, *one)
		if err != nil {
			return err
		}
		if back {
			returned = one
			continue
		}
		count[one.Kind]++
		last, returned = one, nil
	}
	if last != nil {
		r.PrevID = last.ID
	}
	switch {
	case returned != nil:
		r.Kind, r.No, r.Replaces = returned.Kind, returned.No, returned.ID
		r.Title = title(r.IncidentTitle, r.Kind, r.No)
		return nil
	case count[First] == 0:
		r.Kind = First
	case count[Final] > 0:
		r.Kind = Correction
	case kind == Final:
		r.Kind = Final
	default:
		r.Kind = Follow
	}
	if r.Kind == Follow || r.Kind == Correction {
		r.No = count[r.Kind] + 1
	}
	if kind != "" && kind != r.Kind {
		return errs.E(errs.Conflict, "report.order", "that version does not come next; look at the chain again")
	}
	r.Title = title(r.IncidentTitle, r.Kind, r.No)
	return nil
}

// returned reports whether the desk above has sent a version back.
func (s *Service) returned(ctx context.Context, r Report) (bool, error) {
	hops, err := s.Store.HopsOf(ctx, []string{r.IncidentID})
	return slices.ContainsFunc(hops, func(h Hop) bool { return h.ReportID == r.ID && h.Kind == Up && h.Decision == Returned }), err
}

// fill puts into a draft what is known: the version before, or the one that was returned, or what came from below,
// or the incident.
func (s *Service) fill(ctx context.Context, r *Report, i incident.Incident, chain []Report, from *Hop) error {
	r.Values = map[string]string{}
	figures, err := s.Incidents.Figures(ctx, i.ID)
	if err != nil {
		return err
	}
	source := r.Replaces
	if source == "" {
		source = r.PrevID
	}
	if at := slices.IndexFunc(chain, func(one Report) bool { return one.ID == source }); at >= 0 {
		maps.Copy(r.Values, chain[at].Values)
		r.LevelWhy = chain[at].LevelWhy
		if r.Replaces != "" {
			maps.Copy(r.Answers, chain[at].Answers)
			r.Pictures = slices.Clone(chain[at].Pictures)
		}
	}
	if from != nil && from.ReportID != "" {
		below, err := s.Store.Report(ctx, from.ReportID)
		if err != nil {
			return err
		}
		maps.Copy(r.Values, below.Values)
		r.Values["source"] = from.FromName
		r.Values["received_at"] = stampText(from.SubmittedAt)
		r.Level = below.Level
		r.Pictures = slices.Clone(below.Pictures)
		return nil
	}
	if len(r.Values) > 0 {
		return nil
	}
	known, err := s.Incidents.WhoKnew(ctx, i.ID)
	if err != nil {
		return err
	}
	r.Values = map[string]string{"occurred_at": stampText(i.OccurredAt), "received_at": stampText(i.KnownAt), "place": i.Place, "brief": i.Summary}
	if at := slices.IndexFunc(known, func(k incident.Known) bool { return k.OrgID == r.OrgID && k.Text != "" }); at >= 0 {
		r.Values["source"] = known[at].Text // where this desk has it from; what others know is theirs
	}
	for kind, f := range incident.Newest(figures) {
		r.Values[figurePrefix+kind] = strconv.Itoa(f.Value)
	}
	return nil
}

// stampText is a time as reports hold it, by the law's clock.
func stampText(t time.Time) string { return t.In(event.China()).Format(time.RFC3339) }

// Edit is one field that somebody has changed: From is what they saw, To what they wrote. Besides the elements and
// figures there are level, level_why, pictures (ids with spaces between), "answer <question>" and "waive <element>".
type Edit struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// Conflict is a field that somebody else has changed meanwhile. It keeps their text until a person decides.
type Conflict struct {
	Field  string `json:"field"`
	Mine   string `json:"mine"`
	Theirs string `json:"theirs"`
	By     string `json:"by"`
}

// Saved is a draft after a save, with the fields that were not taken.
type Saved struct {
	View
	Conflicts []Conflict `json:"conflicts"`
}

// Save takes the fields of a draft that nobody else has changed since they were seen, and gives back the others side
// by side. Saving what is there already changes nothing.
func (s *Service) Save(ctx context.Context, id string, edits []Edit) (Saved, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return Saved{}, err
	}
	conflicts := []Conflict{}
	var r Report
	err = s.change(ctx, func(ctx context.Context, _ noter) error {
		conflicts = []Conflict{}
		if r, err = s.draft(ctx, o, id); err != nil {
			return err
		}
		was, dirty := r.Version, false
		_, against, err := s.against(ctx, r)
		if err != nil {
			return err
		}
		slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Compare(lateness(a), lateness(b)) })
		for _, e := range edits {
			e.To = strings.TrimSpace(e.To)
			get, set, err := s.field(ctx, &r, e.Field, e.To)
			if err != nil {
				return err
			}
			if q, ok := strings.CutPrefix(e.Field, answerPrefix); ok && !r.check(s.Templates.Of(r), s.Grading, against).asks(q) {
				continue // what is not asked, or not any more, is not kept
			}
			switch {
			case get == e.To:
			case get != e.From:
				conflicts = append(conflicts, Conflict{e.Field, e.To, get, r.UpdatedBy})
			default:
				set()
				dirty = true
			}
		}
		if !dirty {
			return nil
		}
		r.UpdatedBy, r.UpdatedAt, r.Version = a.Name, stamp(), was+1
		return s.Store.Save(ctx, r, was)
	})
	if err != nil {
		return Saved{}, err
	}
	if len(edits) > 0 {
		e := event.New(ctx, EventDrafted, r.ID, r.Division, Trace{Name: r.Title})
		e.Ephemeral = true
		s.Events.Publish(ctx, e)
	}
	v, err := s.view(ctx, o, r)
	return Saved{v, conflicts}, err
}

const answerPrefix = "answer "

// lateness puts answers after what they are about.
func lateness(e Edit) int {
	if strings.HasPrefix(e.Field, answerPrefix) {
		return 1
	}
	return 0
}

// field finds a field of a draft: what it holds, and how it is set.
func (s *Service) field(ctx context.Context, r *Report, name, to string) (string, func(), error) {
	if q, ok := strings.CutPrefix(name, answerPrefix); ok {
		return r.Answers[q], func() { put(r.Answers, q, to) }, lineOf(name, q+to)
	}
	if el, ok := strings.CutPrefix(name, "waive "); ok {
		if _, ok := s.Templates.element(el); !ok {
			return "", nil, errs.Field("report.field", name, "is no element of a report")
		}
		return r.Waived[el], func() { put(r.Waived, el, to) }, lineOf(name, el+to)
	}
	switch name {
	case "level":
		n, err := strconv.Atoi(to)
		if err != nil || n < 0 || n > 4 {
			return "", nil, errs.Field("report.level", "level", "must be 0 to 4")
		}
		return strconv.Itoa(r.Level), func() { r.Level = n }, nil
	case picturesField:
		list, err := s.choose(ctx, *r, to)
		return pictureIDs(r.Pictures), func() { r.Pictures = list }, err
	case "level_why":
		return r.LevelWhy, func() { r.LevelWhy = to }, lineOf(name, to)
	}
	if err := s.Templates.checkValue(name, to); err != nil {
		return "", nil, err
	}
	return r.Values[name], func() { put(r.Values, name, to) }, nil
}

func put(m map[string]string, k, v string) {
	if v == "" {
		delete(m, k)
		return
	}
	m[k] = v
}

func lineOf(field, text string) error {
	if !errs.Line(text, 2*maxLine) {
		return errs.Field("report.line", field, "at most 400 characters on one line")
	}
	return nil
}

// draft is a draft of the actor's own desk.
func (s *Service) draft(ctx context.Context, o account.Org, id string) (Report, error) {
	r, err := s.Store.Report(ctx, id)
	if err != nil {
		return r, err
	}
	if r.OrgID != o.ID {
		return Report{}, errUnseen("report")
	}
	if r.State != Drafted {
		return Report{}, errs.E(errs.Conflict, "report.sent", "it was sent and stays as it is; write the next version")
	}
	return r, nil
}

// Discard throws a draft away.
func (s *Service) Discard(ctx context.Context, id string) error {
	_, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return err
	}
	return s.change(ctx, func(ctx context.Context, note noter) error {
		r, err := s.draft(ctx, o, id)
		if err != nil {
			return err
		}
		note(ctx, EventDiscarded, r.ID, r.Division, Trace{Name: r.Title})
		return s.Store.Discard(ctx, id)
	})
}
