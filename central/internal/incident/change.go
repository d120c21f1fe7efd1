package incident

import (
	"cmp"
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

func likeliest(list []Similar) []Similar {
	slices.SortStableFunc(list, func(a, b Similar) int { return cmp.Compare(b.Score, a.Score) })
	return list[:min(5, len(list))]
}

// edit changes an incident of the actor's own desk, or of one below.
func (s *Service) edit(ctx context.Context, id string, was int, fn func(ctx context.Context, i *Incident, a actor.Actor, reach Reach, note noter) error) (Incident, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.IncidentWrite)
	if err != nil {
		return Incident{}, err
	}
	var out Incident
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		i, err := s.seen(ctx, a, id)
		if err != nil {
			return err
		}
		if err := reach.mine(i); err != nil {
			return err
		}
		if was != 0 && was != i.Version {
			return errs.E(errs.Conflict, "incident.changed", "somebody has changed it meanwhile; look at it again")
		}
		old := i
		if err := fn(ctx, &i, a, reach, note); err != nil {
			return err
		}
		if out, err = s.save(ctx, i); err != nil {
			return err
		}
		return s.changed(ctx, old, out)
	})
	return out, err
}

// save keeps the next version of an incident.
func (s *Service) save(ctx context.Context, i Incident) (Incident, error) {
	kept := i.Version
	i.Version, i.UpdatedAt = kept+1, stamp()
	if err := s.Store.Save(ctx, i, kept); err != nil {
		return i, err
	}
	return i, s.followed(ctx, i)
}

// Change is a change of an incident; nil leaves a part as it is. Version is the one that the person saw. Why is the
// reason of a correction; the timeline keeps it with what was before.
type Change struct {
	Why                                       string
	Version                                   int
	Title, Category, Place, Division, Summary *string
	Lon, Lat                                  *float64
	Sensitive                                 *bool
	OccurredAt                                *time.Time
}

// Change changes what is known of an incident; the timeline says what was before.
func (s *Service) Change(ctx context.Context, id string, c Change) (Incident, error) {
	return s.edit(ctx, id, c.Version, func(ctx context.Context, i *Incident, a actor.Actor, reach Reach, note noter) error {
		if i.State != Open {
			return errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
		}
		if c.Why = strings.TrimSpace(c.Why); !errs.Line(c.Why, MaxPlace) {
			return errs.Field("incident.why", "why", "at most 200 characters on one line")
		}
		old := *i
		for to, from := range map[*string]*string{&i.Title: c.Title, &i.Place: c.Place, &i.Summary: c.Summary, &i.Category: c.Category, &i.Division: c.Division} {
			if from != nil {
				*to = strings.TrimSpace(*from)
			}
		}
		if c.Lon != nil || c.Lat != nil {
			i.Lon, i.Lat = c.Lon, c.Lat
		}
		if c.Sensitive != nil {
			i.Sensitive = *c.Sensitive
		}
		if c.OccurredAt != nil {
			i.OccurredAt = event.Stamp(*c.OccurredAt)
		}
		if err := i.validate(s.Categories, stamp()); err != nil {
			return err
		}
		if !a.Covers(i.Division) {
			return errs.Field("incident.division_outside", "division", "must be "+a.DivisionCode+" or below it")
		}
		for _, w := range []struct{ field, from, to string }{
			{"title", old.Title, i.Title},
			{"category", old.Category, i.Category},
			{"place", old.Place, i.Place},
			{"division", old.Division, i.Division},
			{"summary", old.Summary, i.Summary},
			{"occurred_at", old.OccurredAt.Format(time.RFC3339), i.OccurredAt.Format(time.RFC3339)},
			{"sensitive", fmt.Sprint(old.Sensitive), fmt.Sprint(i.Sensitive)},
			{"position", old.position(), i.position()},
		} {
			if w.from == w.to {
				continue
			}
			text := w.from + " → " + w.to
			if c.Why != "" {
				text += "（" + c.Why + "）"
			}
			if err := note(ctx, *i, reach.Desk, Step{Kind: Changed, Act: w.field, Text: text}, EventChanged); err != nil {
				return err
			}
		}
		return nil
	})
}

// position is where it lies, in degrees, or nothing.
func (i Incident) position() string {
	if i.Lon == nil || i.Lat == nil {
		return ""
	}
	return fmt.Sprintf("%.5f,%.5f", *i.Lat, *i.Lon)
}

// counts refuses what is graded or counted of an incident that stands for nothing any more. A closed one still counts:
// the law has its figures corrected, and its level with them, for days after its end (令493 arts. 13 and 20).
func (i Incident) counts() error {
	if i.State == Merged || i.State == Void {
		return errs.E(errs.Conflict, "incident.not_counted", "it was merged or withdrawn; grade and count the one that stands")
	}
	return nil
}

// Grade confirms how grave an incident is; why names the rule that proposed it, or the reason for another level.
func (s *Service) Grade(ctx context.Context, id string, level int, why string) (Incident, error) {
	return s.edit(ctx, id, 0, func(ctx context.Context, i *Incident, a actor.Actor, reach Reach, note noter) error {
		if !errs.Line(why, MaxPlace) {
			return errs.Field("incident.why", "why", "at most 200 characters on one line")
		}
		if level < 1 || level > 4 {
			return errs.Field("incident.level", "level", "must be 1 to 4")
		}
		if err := i.counts(); err != nil {
			return err
		}
		old := i.Level
		i.Level, i.LevelBy, i.LevelWhy = level, a.Name, why
		return note(ctx, *i, reach.Desk, Step{Kind: Graded, Act: fmt.Sprintf("%d→%d", old, level), Text: why}, EventGraded)
	})
}

// Respond sets the level of a response without a plan; 0 ends it. Where a plan is carried out, or somebody else commands,
// the level is theirs.
func (s *Service) Respond(ctx context.Context, id string, level int, why string) (Incident, error) {
	return s.edit(ctx, id, 0, func(ctx context.Context, i *Incident, _ actor.Actor, reach Reach, note noter) error {
		if err := s.idle(ctx, *i, "incident.response_runs", "the response is not set by hand while somebody carries it out (%s); raise, lower or end it in the incident room", RunsPlan, RunsCommand); err != nil {
			return err
		}
		return i.respond(ctx, reach.Desk, level, why, note)
	})
}

func (i *Incident) respond(ctx context.Context, o account.Org, level int, why string, note noter) error {
	if !errs.Name(why, MaxPlace) {
		return errs.Field("incident.why", "why", "say who ordered it, in 1 to 200 characters on one line")
	}
	if level < 0 || level > 4 {
		return errs.Field("incident.response", "response", "must be 0 to 4")
	}
	if i.State != Open && level > 0 {
		return errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
	}
	old := i.Response
	i.Response = level
	return note(ctx, *i, o, Step{Kind: Answered, Act: fmt.Sprintf("%d→%d", old, level), Text: why}, EventChanged)
}

// Count adds a figure. One with a ref comes from a report or the inbox: call it in their transaction.
func (s *Service) Count(ctx context.Context, id string, f Figure) (Figure, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return f, err
	}
	if err := ValidFigure(f.Kind, f.Value); err != nil {
		return f, err
	}
	if !errs.Name(f.Source, MaxPlace) {
		return f, errs.Field("incident.source", "source", "say who counted, in 1 to 200 characters on one line")
	}
	now := stamp()
	if f.At.IsZero() {
		f.At = now
	}
	if f.At.After(now.Add(ahead)) {
		return f, errs.Field("incident.future", "at", "lies in the future")
	}
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		i, err := s.seen(ctx, a, id)
		if err != nil {
			return err
		}
		if err := i.counts(); err != nil {
			return err
		}
		f.ID, f.IncidentID, f.ByName, f.OrgName, f.WrittenAt, f.At = newID(), id, a.Name, o.Name, now, event.Stamp(f.At)
		if err := s.Store.AddFigure(ctx, f); err != nil {
			return err
		}
		return note(ctx, i, o, Step{Kind: Counted, Act: f.Kind, Text: fmt.Sprintf("%d（%s）", f.Value, f.Source), Ref: f.Ref}, EventCounted)
	})
	return f, err
}

// Write adds a line to the timeline. Reports and instructions give their own kind; people write notes.
func (s *Service) Write(ctx context.Context, id string, st Step) (Incident, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Incident{}, err
	}
	if strings.TrimSpace(st.Text) == "" || !errs.Text(st.Text, MaxText) {
		return Incident{}, errs.Field("incident.text", "text", "1 to 4000 characters")
	}
	var out Incident
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if out, err = s.seen(ctx, a, id); err != nil {
			return err
		}
		return note(ctx, out, o, st, EventNoted)
	})
	return out, err
}

// Merge makes an incident part of another: it stays as it was and says where it went.
func (s *Service) Merge(ctx context.Context, id, into string) (Incident, error) {
	return s.edit(ctx, id, 0, func(ctx context.Context, i *Incident, a actor.Actor, reach Reach, note noter) error {
		target, err := s.seen(ctx, a, into)
		if err != nil {
			return err
		}
		if err := reach.mine(target); err != nil {
			return err
		}
		if target.ID == i.ID || target.State != Open || i.State != Open {
			return errs.E(errs.Conflict, "incident.not_open", "both must be open and different; look at them again")
		}
		if err := s.ending(ctx, *i); err != nil {
			return err
		}
		i.State, i.MergedInto = Merged, target.ID
		if err := note(ctx, target, reach.Desk, Step{Kind: Joined, Act: "from", Text: i.No + " " + i.Title, Ref: i.ID}, EventChanged); err != nil {
			return err
		}
		return note(ctx, *i, reach.Desk, Step{Kind: Joined, Act: "into", Text: target.No + " " + target.Title, Ref: target.ID}, EventMerged)
	})
}

// Unmerge undoes a merge, with the reason.
func (s *Service) Unmerge(ctx context.Context, id, why string) (Incident, error) {
	return s.edit(ctx, id, 0, func(ctx context.Context, i *Incident, _ actor.Actor, reach Reach, note noter) error {
		if !errs.Name(why, MaxPlace) {
			return errs.Field("incident.why", "why", "say why, in 1 to 200 characters on one line")
		}
		if i.State != Merged {
			return errs.E(errs.Conflict, "incident.not_merged", "it is not merged; look at it again")
		}
		target := i.MergedInto
		i.State, i.MergedInto = Open, ""
		if into, err := s.Store.Incident(ctx, target); err == nil {
			if err := note(ctx, into, reach.Desk, Step{Kind: Parted, Text: i.No + " " + i.Title + "：" + why, Ref: i.ID}, EventChanged); err != nil {
				return err
			}
		} else if errs.KindOf(err) != errs.NotFound {
			return err
		}
		return note(ctx, *i, reach.Desk, Step{Kind: Parted, Text: i.Title + "：" + why, Ref: target}, EventUnmerged)
	})
}

// Close ends an incident, opens it again, or withdraws one that was opened by mistake, with the reason.
func (s *Service) Close(ctx context.Context, id string, to State, why string) (Incident, error) {
	return s.edit(ctx, id, 0, func(ctx context.Context, i *Incident, _ actor.Actor, reach Reach, note noter) error {
		if !errs.Name(why, MaxPlace) {
			return errs.Field("incident.why", "why", "say why, in 1 to 200 characters on one line")
		}
		step, kind := map[State]Kind{Closed: Ended, Open: Reopened, Void: Voided}[to], map[State]string{Closed: EventClosed, Open: EventReopened, Void: EventVoid}[to]
		if step == "" || i.State == Merged || i.State == to {
			return errs.E(errs.Conflict, "incident.not_open", "that cannot be done with it as it stands; look at it again")
		}
		if to != Open {
			if err := s.ending(ctx, *i); err != nil {
				return err
			}
		}
		if to == Void {
			steps, err := s.Store.Steps(ctx, i.ID)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(steps, func(st Step) bool { return st.Kind == Reported }) {
				return errs.E(errs.Conflict, "incident.reported", "it was reported already; close it instead")
			}
		}
		now := stamp()
		i.State, i.ClosedAt = to, &now
		if to == Open {
			i.ClosedAt = nil
		}
		return note(ctx, *i, reach.Desk, Step{Kind: step, Text: why}, kind)
	})
}
