package recording

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Hold keeps what was recorded from being deleted, by age or for room, until somebody ends it.
type Hold struct {
	ID          string     `json:"id"`
	Stream      string     `json:"stream"`
	From        time.Time  `json:"from"`
	To          time.Time  `json:"to"`
	Reference   string     `json:"reference"` // incident or file number
	Note        string     `json:"note"`
	OrgID       string     `json:"org_id"` // whose it is
	OrgName     string     `json:"org_name"`
	Yours       bool       `json:"yours"` // within reach of who asks
	Author      string     `json:"author"`
	AuthorName  string     `json:"author_name"`
	CreatedAt   time.Time  `json:"created_at"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	EndedByName string     `json:"ended_by_name,omitempty"`
	Scene       bool       `json:"scene,omitempty"` // of an incident that runs: it ends with that, or with its scene
}

// AddHold keeps what is recorded of a stream within from ≤ t < to.
func (s *Service) AddHold(ctx context.Context, h Hold) (Hold, error) {
	a, d, err := s.visible(ctx, h.Stream, actor.VideoRecord)
	if err != nil {
		return Hold{}, err
	}
	if err := checkSpan(h.From, h.To, maxTimeline); err != nil {
		return Hold{}, err
	}
	if h.Reference == "" || !errs.Text(h.Reference, maxReference) {
		return Hold{}, errs.Field("recording.hold", "reference", "1 to 100 characters: the incident or the file that it is held for")
	}
	if !errs.Text(h.Note, maxNote) {
		return Hold{}, errs.Field("recording.hold", "note", "at most 500 characters")
	}
	h.ID, h.From, h.To = uuid.Must(uuid.NewV7()).String(), h.From.UTC(), h.To.UTC()
	h.Author, h.AuthorName, h.CreatedAt, h.EndedAt, h.EndedByName = a.ID, a.Name, event.Stamp(time.Now()), nil, ""
	if a.Kind != actor.System || h.OrgID == "" { // the centre holds for others
		r, err := s.Desks.Reach(ctx, actor.VideoRecord)
		if err != nil {
			return Hold{}, err
		}
		h.OrgID, h.OrgName = r.Org, r.Name
	}
	h.Yours = true
	e := event.New(ctx, EventHeld, h.Stream, d.Division, h)
	return h, s.change(ctx, &e, func(ctx context.Context) error { return s.Store.AddHold(ctx, h) })
}

const (
	maxReference = 100
	maxNote      = 500
)

// EndHold lets go of what was held; age and room decide again. It is for the desk that held it, and those above.
func (s *Service) EndHold(ctx context.Context, id string) (Hold, error) {
	if _, err := actor.Require(ctx, actor.VideoRecord); err != nil {
		return Hold{}, err
	}
	h, err := s.Store.Hold(ctx, id)
	if err != nil {
		return Hold{}, err
	}
	a, d, err := s.visible(ctx, h.Stream, actor.VideoRecord)
	if err != nil {
		return Hold{}, noHold(id, err)
	}
	if err := s.mine(ctx, actor.VideoRecord, h.OrgID, h.OrgName); err != nil {
		return Hold{}, err
	}
	now := event.Stamp(time.Now())
	h.EndedAt, h.EndedByName, h.Yours = &now, a.Name, true
	e := event.New(ctx, EventLetGo, h.Stream, d.Division, h)
	return h, s.change(ctx, &e, func(ctx context.Context) error { return s.Store.EndHold(ctx, h) })
}

// noHold hides the hold on a camera that the actor does not see.
func noHold(id string, err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return errs.E(errs.NotFound, "recording.no_hold", "hold %.64s does not exist", id)
	}
	return err
}

// Holds lists those of cameras that the actor may see, the newest first.
func (s *Service) Holds(ctx context.Context) ([]Hold, error) {
	r, err := s.Desks.Reach(ctx, actor.VideoReplay)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Holds(ctx)
	if err != nil {
		return nil, err
	}
	out := []Hold{}
	for _, h := range list {
		if _, ok := s.Devices.Visible(ctx, h.Stream); ok {
			h.Yours = r.Has(h.OrgID)
			out = append(out, h)
		}
	}
	return out, nil
}
