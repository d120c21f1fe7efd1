package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// DailyKind is the owner of the clocks of daily reports; one owner is a desk on a day.
const DailyKind = "daily"

// ClockDaily is the clock of a desk on a day.
const ClockDaily = "report.daily"

// DailyState is whether a desk has told of a day.
type DailyState string

// The states.
const (
	Owed   DailyState = "owed"
	Told   DailyState = "told"
	Spared DailyState = "spared" // excused, or the period was cancelled before it was told
)

// Daily is what a desk owes the one above for a day of a special period: that nothing has happened (零报告), or in a few
// words what has (日报). What was told stays as it is.
type Daily struct {
	OrgID      string     `json:"org_id"`
	OrgName    string     `json:"org_name"`
	Division   string     `json:"division"`
	ToOrg      string     `json:"to_org"`
	ToName     string     `json:"to_name"`
	ToDivision string     `json:"to_division"`
	Day        duty.Day   `json:"day"`
	Period     string     `json:"period"`
	Order      string     `json:"order"` // number of the document that declares the period
	State      DailyState `json:"state"`
	Zero       bool       `json:"zero"`
	Text       string     `json:"text"`
	DueAt      time.Time  `json:"due_at"`
	Rule       string     `json:"rule"`
	SentAt     *time.Time `json:"sent_at,omitempty"`
	SentBy     string     `json:"sent_by"`
	SeenAt     *time.Time `json:"seen_at,omitempty"` // by the desk above
	SeenBy     string     `json:"seen_by"`
	LateAt     *time.Time `json:"late_at,omitempty"` // due, and not told then
	UrgedAt    *time.Time `json:"urged_at,omitempty"`
	Urged      int        `json:"urged"`
	Excused    *Excused   `json:"excused,omitempty"`
	Version    int        `json:"version"`
}

func (d Daily) owner() deadline.Owner {
	return deadline.Owner{Kind: DailyKind, ID: d.OrgID + " " + string(d.Day)}
}

// late reports whether a day was told late, or is not told and due.
func (d Daily) late(now time.Time) bool {
	if d.SentAt != nil {
		return d.SentAt.After(d.DueAt)
	}
	return d.State == Owed && now.After(d.DueAt)
}

// Periods know for whom a day is special (duty.Service).
type Periods interface {
	Special(ctx context.Context, d duty.Day) ([]duty.Bound, error)
}

// Dailies are what is kept of daily reports.
type Dailies interface {
	Daily(ctx context.Context, org string, d duty.Day) (Daily, error)
	// SaveDaily is errs.Conflict when the kept one is not of version was; 0 adds it.
	SaveDaily(ctx context.Context, d Daily, was int) error
	// DailiesIn lists those of some days (to is included), by day and organisation.
	DailiesIn(ctx context.Context, from, to duty.Day) ([]Daily, error)
}

// DailyBoard is what an actor's desk owes of a day, and what those below owe it.
type DailyBoard struct {
	Day    duty.Day `json:"day"`
	Own    *Daily   `json:"own,omitempty"`
	Behind []Daily  `json:"behind"` // own ones of the month before that were never told
	Below  []Daily  `json:"below"`  // those that are not told first
}

// behind is how many days a desk is reminded of what it never told.
const behind = 31

// Dailies reads the daily reports of a day; an empty one is today.
func (s *Service) Dailies(ctx context.Context, day duty.Day) (DailyBoard, error) {
	_, o, err := s.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return DailyBoard{}, err
	}
	if day == "" {
		day = duty.DayOf(stamp(), event.China())
	}
	if !day.Valid() {
		return DailyBoard{}, errs.Field("report.day", "day", "is a day like 2026-10-01")
	}
	out := DailyBoard{Day: day, Behind: []Daily{}, Below: []Daily{}}
	all, err := s.Store.DailiesIn(ctx, day.Add(-behind), day)
	for _, d := range all {
		switch {
		case d.OrgID == o.ID && d.Day == day:
			out.Own = &d
		case d.OrgID == o.ID && d.State == Owed:
			out.Behind = append(out.Behind, d)
		case d.ToOrg == o.ID && d.Day == day:
			out.Below = append(out.Below, d)
		}
	}
	rank := func(d Daily) int { return slices.Index([]DailyState{Owed, Told, Spared}, d.State) }
	slices.SortStableFunc(out.Below, func(a, b Daily) int { return cmp.Compare(rank(a), rank(b)) })
	return out, err
}

// TellDaily tells the desk above of a day: with words, or that there was nothing. Nothing is not taken while incidents of
// that day stand in the own division.
func (s *Service) TellDaily(ctx context.Context, day duty.Day, zero bool, text string) (Daily, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return Daily{}, err
	}
	text = strings.TrimSpace(text)
	switch {
	case !day.Valid():
		return Daily{}, errs.Field("report.day", "day", "is a day like 2026-10-01")
	case zero && text != "":
		return Daily{}, errs.Field("report.daily_text", "text", "a zero report says nothing more")
	case !zero && (text == "" || !errs.Text(text, incident.MaxText)):
		return Daily{}, errs.Field("report.daily_text", "text", "say what has happened, in 1 to 4000 characters")
	}
	if zero {
		from := day.At("00:00", event.China())
		happened, err := s.incidents(ctx, from, from.AddDate(0, 0, 1), incident.Open, incident.Closed)
		if err != nil {
			return Daily{}, err
		}
		if len(happened) > 0 {
			return Daily{}, errs.E(errs.Conflict, "report.daily_not_zero", "%s stands in your book for that day; say in words what has happened", happened[0].Title)
		}
	}
	var d Daily
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if d, err = s.Store.Daily(ctx, o.ID, day); err != nil {
			return err
		}
		if d.State != Owed {
			return errs.E(errs.Conflict, "report.daily_told", "the report of that day was sent already, or is not asked for any more")
		}
		was, now := d.Version, stamp()
		d.State, d.Zero, d.Text, d.SentAt, d.SentBy, d.Version = Told, zero, text, &now, a.Name, was+1
		for _, division := range []string{d.ToDivision, d.Division} {
			note(ctx, EventDaily, d.owner().ID, division, Trace{Name: string(d.Day) + " " + d.Period, From: d.OrgName, To: d.ToName})
		}
		return s.keepDaily(ctx, d, was)
	})
	return d, err
}

// SeeDaily says that the desk above has read what was told.
func (s *Service) SeeDaily(ctx context.Context, org string, day duty.Day) (Daily, error) {
	return s.above(ctx, actor.ReportWrite, org, day, EventDailySeen, func(d *Daily, by string, now time.Time) error {
		if d.State != Told {
			return errs.E(errs.Conflict, "report.daily_owed", "nothing was told of that day yet")
		}
		if d.SeenAt == nil {
			d.SeenAt, d.SeenBy = &now, by
		}
		return nil
	})
}

// UrgeDaily asks the desk below for what it owes.
func (s *Service) UrgeDaily(ctx context.Context, org string, day duty.Day) (Daily, error) {
	return s.above(ctx, actor.ReportWrite, org, day, EventDailyUrged, func(d *Daily, _ string, now time.Time) error {
		if d.State != Owed {
			return errs.E(errs.Conflict, "report.daily_told", "the report of that day was sent already, or is not asked for any more")
		}
		d.Urged, d.UrgedAt = d.Urged+1, &now
		return nil
	})
}

// above changes what the desk above may change of a daily report.
func (s *Service) above(ctx context.Context, p actor.Permission, org string, day duty.Day, kind string, fn func(d *Daily, by string, now time.Time) error) (Daily, error) {
	a, o, err := s.Desks.Own(ctx, p)
	if err != nil {
		return Daily{}, err
	}
	var d Daily
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if d, err = s.Store.Daily(ctx, org, day); err != nil {
			return err
		}
		if d.ToOrg != o.ID {
			return errUnseen("daily report")
		}
		was, stood := d.Version, d.State
		if err := fn(&d, a.Name, stamp()); err != nil {
			return err
		}
		d.Version = was + 1
		for _, division := range []string{d.Division, d.ToDivision} {
			note(ctx, kind, d.owner().ID, division, Trace{Name: string(d.Day) + " " + d.Period, From: d.OrgName, To: d.ToName})
		}
		if d.State != stood {
			return s.keepDaily(ctx, d, was)
		}
		return s.Store.SaveDaily(ctx, d, was)
	})
	return d, err
}

// OnDaily is told of the marks of a daily report's clock.
func (s *Service) OnDaily(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	org, day, ok := cutOwner(f.Clock.Owner.ID)
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round || !ok {
		return nil, nil
	}
	d, err := s.Store.Daily(ctx, org, duty.Day(day))
	if err != nil || d.State != Owed {
		return nil, err
	}
	was, due := d.Version, f.Clock.DueAt
	d.LateAt, d.Version = &due, was+1
	if err := s.Store.SaveDaily(ctx, d, was); err != nil {
		return nil, err
	}
	data := Trace{Name: string(d.Day) + " " + d.Period, From: d.OrgName, To: d.ToName}
	own, above := event.New(ctx, EventDailyLate, d.owner().ID, d.Division, data), event.New(ctx, EventDailyLate, d.owner().ID, d.ToDivision, data)
	return []*event.Event{&own, &above}, nil
}

// Judge finds the faults of a daily report: told late, or never. Pure.
func (d Daily) Judge(now time.Time) []Finding {
	if !d.late(now) {
		return nil
	}
	f := Finding{Fault: DailyMissing, Title: string(d.Day) + " " + d.Period, OrgID: d.OrgID, OrgName: d.OrgName, At: d.DueAt, What: ClockDaily, Was: d.DueAt.Format(time.RFC3339)}
	if d.SentAt != nil {
		f.Fault, f.At, f.Found = DailyLate, *d.SentAt, d.SentAt.Format(time.RFC3339)
	}
	return []Finding{f}
}
