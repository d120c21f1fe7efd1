package video

import (
	"context"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Holder finds the link to send by that a token is of, also one that has expired or was ended so that what its holder
// wrote down before may still come: the state tells. One that was ended at once, or whose author may not see the picture
// any more, is refused.
func (s *Service) Holder(ctx context.Context, token, stream string) (StreamLink, error) {
	id, ok := s.signer.linkOf(token)
	if !ok {
		return StreamLink{}, noToken()
	}
	l, err := s.o.Links.VideoLink(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return StreamLink{}, noToken()
	}
	if err != nil {
		return StreamLink{}, err
	}
	now := time.Now()
	l.State = l.stateAt(now)
	if l.State == LinkExpired || l.Late(now) {
		err = l.of(stream, Publish)
	} else {
		err = l.allows(stream, Publish, now)
	}
	if err != nil {
		return StreamLink{}, err
	}
	_, err = s.stands(ctx, l)
	return l, err
}

// Phones lists the open links to send by whose picture the actor may see, the newest first; stream narrows them, empty
// does not.
func (s *Service) Phones(ctx context.Context, stream string) ([]StreamLink, error) {
	if _, err := actor.Require(ctx, actor.VideoWatch); err != nil {
		return nil, err
	}
	now := time.Now()
	list, err := s.o.Links.VideoLinks(ctx, actor.Everything, now, maxLinks)
	if err != nil {
		return nil, err
	}
	out := []StreamLink{}
	for _, l := range list {
		l.State = l.stateAt(now)
		if l.Action != Publish || l.State != LinkOpen || (stream != "" && l.Stream != stream) {
			continue
		}
		if _, ok := s.o.Devices.Visible(ctx, l.Stream); ok {
			out = append(out, l)
		}
	}
	return out, nil
}

// Wanted reports whether somebody watches a picture or is about to, or it is recorded: only then need a phone send it.
func (s *Service) Wanted(stream string) bool {
	viewers := s.o.Router.Flow(stream).Viewers
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.streams[stream]
	return viewers > 0 || (ok && st.lease.needed(time.Now(), viewers))
}

// LinkChange is what is changed of an open link; nil and 0 leave things as they are.
type LinkChange struct {
	Hours      int // that it lives from now on, and no shorter than before
	IncidentID *string
	PersonID   *string
}

// ChangeLink lets an open link live longer, or says for which incident and person it is. An expired one stays so: what
// nobody looked after for a while is made anew.
func (s *Service) ChangeLink(ctx context.Context, id string, c LinkChange) (StreamLink, error) {
	l, err := s.link(ctx, id)
	if err != nil {
		return StreamLink{}, err
	}
	now := event.Stamp(time.Now())
	if l.State = l.stateAt(now); l.State != LinkOpen {
		return StreamLink{}, errs.E(errs.Conflict, "video.link_closed", "the link is %s; make a new one", l.State)
	}
	if c.Hours != 0 {
		until := now.Add(time.Duration(c.Hours) * time.Hour)
		if c.Hours < 1 || c.Hours > int(maxLinkLife.Hours()) || until.Before(l.ExpiresAt) {
			return StreamLink{}, badLink("hours", fmt.Sprintf("1 to %d hours from now, and no shorter than before", int(maxLinkLife.Hours())))
		}
		l.ExpiresAt = until
	}
	if c.IncidentID != nil {
		l.IncidentID = *c.IncidentID
	}
	if c.PersonID != nil {
		l.PersonID = *c.PersonID
	}
	if err := s.belongs(ctx, l); err != nil {
		return StreamLink{}, err
	}
	err = event.Change(ctx, s.o.Tx, s.o.Events, func(ctx context.Context, note func(event.Event)) error {
		changed, err := s.o.Links.ChangeVideoLink(ctx, l, now)
		if err == nil && !changed {
			err = errs.E(errs.Conflict, "video.link_closed", "the link is closed; make a new one")
		}
		note(event.New(ctx, EventLinkChanged, l.ID, l.Division, l))
		return err
	})
	if err != nil {
		return StreamLink{}, err
	}
	s.mu.Lock()
	for name, v := range s.sessions {
		if v.link == l.ID {
			v.until = l.ExpiresAt
			s.sessions[name] = v
		}
	}
	s.mu.Unlock()
	return l, nil
}

// belongs checks for which incident and person a link is: only who sends tells and has tasks.
func (s *Service) belongs(ctx context.Context, l StreamLink) error {
	if l.IncidentID == "" && l.PersonID == "" {
		return nil
	}
	if l.Action != Publish || s.o.Belongs == nil {
		return badLink("incident_id", "only a link to send by belongs to an incident or a person")
	}
	if _, err := actor.Require(ctx, actor.IncidentWrite); err != nil {
		return err
	}
	return s.o.Belongs(ctx, l.IncidentID, l.PersonID)
}

func noToken() error {
	return errs.E(errs.Unauthenticated, "video.token", "token is missing or not of this centre")
}
