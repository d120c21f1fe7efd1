package field

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/run"
)

// Options of the service.
type Options struct {
	Store     Store
	Tx        event.Tx
	Links     Links
	Incidents Incidents
	Tasks     Tasks
	Positions Positions
	Messages  Messages // nil: there are none
	Ways      []Ways   // where crews, phones and terminals went
	PlaceDays int      // how long places of phones are kept; 0: as long as other readings
	Elsewhere bool     // another server keeps the readings for its own term; here only newest values are deleted
	Events    event.Publisher
	Log       *slog.Logger
}

// Service is the use cases. Start deletes places that are older than their term.
type Service struct {
	Options
	loop *run.Loop
	ears ears
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, loop: run.NewLoop()}
}

func stamp() time.Time { return event.Stamp(time.Now()) }

// as is the context of whoever holds a link: nobody's account, whoever is signed in in the same browser.
func as(ctx context.Context, l video.StreamLink) context.Context {
	return actor.With(ctx, actor.Actor{Kind: actor.System, ID: "link " + l.ID, Name: l.Title})
}

// holder is the link of a token and the context of who has it.
func (s *Service) holder(ctx context.Context, token, stream string) (context.Context, video.StreamLink, error) {
	l, err := s.Links.Holder(ctx, token, stream)
	if err != nil {
		return ctx, l, err
	}
	return as(ctx, l), l, nil
}

// Page is what the phone shows of its link.
type Page struct {
	Title    string          `json:"title"`
	Expires  time.Time       `json:"expires_at" doc:"Or when it was ended"`
	Ended    bool            `json:"ended" doc:"The desk ended it"`
	Until    time.Time       `json:"until" doc:"What was written before the link closed is taken in until then"`
	At       time.Time       `json:"at" doc:"Clock of the centre"`
	Wanted   bool            `json:"wanted" doc:"Somebody watches the picture, or it is recorded"`
	Incident *Incident       `json:"incident,omitempty"`
	News     string          `json:"news" doc:"Stands for this page and the messages; field-wanted waits until it changes"`
	KeepDays int             `json:"place_days" doc:"How long places of the phone are kept; 0: as long as other readings"`
	Person   bool            `json:"person" doc:"The link is of a duty person, who has tasks"`
	Tasks    []response.Task `json:"tasks"`
}

// Incident is what a crew is told of an incident.
type Incident struct {
	No    string `json:"no"`
	Title string `json:"title"`
	Place string `json:"place"`
	Open  bool   `json:"open"`
}

// Open shows the page of a link. One that has expired shows nothing but that.
func (s *Service) Open(ctx context.Context, token, stream string) (Page, error) {
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return Page{}, err
	}
	now := stamp()
	p := Page{Title: l.Title, Expires: l.Closes(), Until: l.Closes().Add(Grace), Ended: l.State == video.LinkEnded, At: now, KeepDays: s.placeDays(), Person: l.PersonID != "", Tasks: []response.Task{}}
	if l.State != video.LinkOpen {
		return p, nil
	}
	p.Wanted = s.Links.Wanted(stream)
	if l.IncidentID != "" {
		i, err := s.Incidents.Standing(ctx, l.IncidentID)
		if err != nil {
			return Page{}, err
		}
		p.Incident = &Incident{i.No, i.Title, i.Place, i.State == incident.Open}
	}
	if l.PersonID != "" {
		tasks, err := s.Tasks.TasksOf(ctx, l.PersonID)
		if err != nil {
			return Page{}, err
		}
		p.Tasks = append(p.Tasks, tasks...)
	}
	p.News, err = s.news(ctx, p, token, stream)
	return p, err
}

// placeDays is the term that a phone is told: the one that holds for everything of its places.
func (s *Service) placeDays() int {
	if s.Elsewhere {
		return 0
	}
	return s.PlaceDays
}

// Lines are what was written of a task of whoever holds a link.
func (s *Service) Lines(ctx context.Context, token, stream, task string) ([]response.Line, error) {
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return nil, err
	}
	if err := open(l, stamp(), stamp()); err != nil {
		return nil, err
	}
	return s.Tasks.LinesOf(ctx, l.PersonID, task)
}

// Enter keeps what a phone has sent, once: the same again is answered with what was kept. A step of a task that can no
// longer be done is kept as words, with the reason.
func (s *Service) Enter(ctx context.Context, token, stream string, d Draft) (Receipt, error) {
	received := stamp()
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return Receipt{}, err
	}
	if err := d.check(); err != nil {
		return Receipt{}, err
	}
	when, offset := moment(l, d.At, d.SentAt, received)
	e := Entry{
		ID: uuid.Must(uuid.NewV7()).String(), LinkID: l.ID, Key: d.Key, IncidentID: l.IncidentID, Kind: d.Kind, ByName: l.Title, Text: d.Text, Lon: d.Lon, Lat: d.Lat, Accuracy: d.Accuracy,
		Photos: append([]string{}, d.Photos...), TaskID: d.TaskID, Step: d.Step, At: event.Stamp(when), PhoneAt: event.Stamp(d.At), ReceivedAt: received, OffsetMS: offset.Milliseconds(),
		Retrospective: received.Sub(when) > lateAfter, AfterEnd: l.State != video.LinkOpen, Sum: d.sum(),
	}
	// The answer may have been lost: what is known is told again, also when the link has expired meanwhile.
	if known, ok, err := s.known(ctx, e); ok || err != nil {
		return known, err
	}
	if err := open(l, when, received); err != nil {
		return Receipt{}, err
	}
	if d.Kind == Note && l.IncidentID == "" {
		return Receipt{}, errs.E(errs.Conflict, "field.no_incident", "this link belongs to no incident yet; ask your desk to name one")
	}
	out, err := s.keep(ctx, l, e, true)
	switch errs.KindOf(err) {
	case errs.Conflict, errs.Invalid, errs.NotFound:
		code := codeOf(err)
		if d.Kind != Task || strings.HasPrefix(code, "field.") || l.IncidentID == "" {
			return out, err
		}
		e.Refused = code
		return s.keep(ctx, l, e, false)
	case errs.Internal, errs.Unauthenticated, errs.Denied, errs.Unavailable:
	}
	return out, err
}

// known is what was kept under a key, if anything was.
func (s *Service) known(ctx context.Context, e Entry) (Receipt, bool, error) {
	old, err := s.Store.Entry(ctx, e.LinkID, e.Key)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return Receipt{}, false, nil
	case err != nil:
		return Receipt{}, false, err
	case old.Sum != e.Sum:
		return Receipt{}, false, errs.E(errs.Conflict, "field.key_taken", "something else was sent under this key before")
	}
	return Receipt{old, true}, true, nil
}

// keep writes an entry with everything that follows from it in one transaction; do: a step of a task is done as well.
func (s *Service) keep(ctx context.Context, l video.StreamLink, e Entry, do bool) (Receipt, error) {
	var out Receipt
	err := event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx, l.ID); err != nil {
			return err
		}
		if known, ok, err := s.known(ctx, e); ok || err != nil {
			out = known
			return err
		}
		n, err := s.Store.CountEntries(ctx, l.ID)
		if err != nil {
			return err
		}
		if n >= maxEntries {
			return errs.E(errs.Conflict, "field.full", "this link has sent as much as it may; ask your desk for a new one")
		}
		e := e
		if e.Kind == Task && do {
			if err := s.step(ctx, l, &e); err != nil {
				return err
			}
		} else if _, err := s.pictures(ctx, e); err != nil {
			return err
		}
		i, err := s.Incidents.Standing(ctx, e.IncidentID)
		if err != nil {
			return err
		}
		e.IncidentID = i.ID
		if err := s.Store.AddEntry(ctx, e); err != nil {
			return err
		}
		if e.Kind == Note || !do {
			st := incident.Step{Kind: Sent, Act: actOf(e), Text: incident.Cut(e.Text, incident.MaxText), Ref: e.ID, At: e.At}
			if err := s.Incidents.Record(ctx, i.ID, account.Org{}, st, nil); err != nil {
				return err
			}
		}
		note(event.New(ctx, EventEntered, e.ID, i.Division, Trace{i.ID, l.ID, e.Kind, len(e.Photos), e.Retrospective, e.AfterEnd, e.Refused}))
		out = Receipt{Entry: e}
		return nil
	})
	return out, err
}

// codeOf is the code of an error that a person can act on.
func codeOf(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code
	}
	return ""
}

// actOf is what the timeline says that came.
func actOf(e Entry) string {
	switch {
	case e.Refused != "":
		return "refused"
	case len(e.Photos) > 0:
		return "photo"
	}
	return "text"
}

// step does a step of a task; its pictures go to the task.
func (s *Service) step(ctx context.Context, l video.StreamLink, e *Entry) error {
	if l.PersonID == "" {
		return errs.E(errs.NotFound, "response.no_task", "there is no such task among yours")
	}
	photos, err := s.pictures(ctx, *e)
	if err != nil {
		return err
	}
	st := response.Step{Kind: e.Step, Text: e.Text, Lon: e.Lon, Lat: e.Lat}
	if e.Retrospective {
		st.At = e.At
	}
	var raw [][]byte
	for _, p := range photos {
		text, err := s.Store.Bytes(ctx, p)
		if err != nil {
			return err
		}
		raw = append(raw, text)
	}
	t, err := s.Tasks.StepOf(ctx, l.PersonID, e.TaskID, st, raw)
	if err != nil {
		return err
	}
	e.IncidentID = t.IncidentID
	for _, p := range photos {
		if err := s.Store.DropParts(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// pictures are those of an entry, which must all have come whole.
func (s *Service) pictures(ctx context.Context, e Entry) ([]Photo, error) {
	var out []Photo
	for _, key := range e.Photos {
		p, err := s.Store.Photo(ctx, e.LinkID, key)
		if errs.KindOf(err) == errs.NotFound || (err == nil && p.Type == "") {
			return nil, errs.Field("field.photo_missing", "photos", "one of the pictures has not come yet")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Keep takes in where a phone was, by the clock of the centre, which its page has told it: the time is what makes a
// place that comes again the same. It answers how many were taken in: what lies outside the life of the link, is older
// than what a phone keeps, or is more than MaxPlaces of its day, is left out.
func (s *Service) Keep(ctx context.Context, token, stream string, fixes []Fix) (int, error) {
	received := stamp()
	ctx, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return 0, err
	}
	if len(fixes) == 0 || len(fixes) > MaxFixes {
		return 0, errs.Field("field.fixes", "fixes", "1 to 200 places at once")
	}
	oldest := received.Add(-staleAfter)
	kept := make([]Fix, 0, len(fixes))
	for _, f := range fixes {
		if err := f.check(); err != nil {
			return 0, err
		}
		if f.At.Before(l.CreatedAt) || f.At.Before(oldest) || f.At.After(received.Add(lateAfter)) || open(l, f.At, received) != nil {
			continue
		}
		kept = append(kept, f)
	}
	if len(kept) == 0 {
		return 0, open(l, l.CreatedAt, received)
	}
	slices.SortFunc(kept, func(a, b Fix) int { return a.At.Compare(b.At) })
	if kept, err = s.few(ctx, l, kept, oldest); err != nil || len(kept) == 0 {
		return 0, err
	}
	return len(kept), s.Positions.Keep(ctx, stream, kept, received)
}

// few leaves out of places in order what goes beyond the number of a day: a stolen link must not fill the readings.
func (s *Service) few(ctx context.Context, l video.StreamLink, fixes []Fix, oldest time.Time) (out []Fix, err error) {
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.LockPhotos(ctx, l.ID); err != nil {
			return err
		}
		out = nil
		for len(fixes) > 0 {
			day := fixes[0].At.UTC().Truncate(24 * time.Hour)
			n := len(fixes)
			if i := slices.IndexFunc(fixes, func(f Fix) bool { return !f.At.UTC().Truncate(24 * time.Hour).Equal(day) }); i > 0 {
				n = i
			}
			taken, err := s.Store.TakePlaces(ctx, l.ID, day, oldest.Add(-24*time.Hour), n, MaxPlaces)
			if err != nil {
				return err
			}
			out = append(out, fixes[:taken]...)
			fixes = fixes[n:]
		}
		return nil
	})
	return out, err
}

// Scene lists what came from the scene of an incident that the actor may see.
func (s *Service) Scene(ctx context.Context, id string) ([]Entry, error) {
	if _, err := actor.Require(ctx, actor.IncidentRead); err != nil {
		return nil, err
	}
	if _, err := s.Incidents.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.Store.Entries(ctx, id)
}
