package video

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Links keeps links.
type Links interface {
	// VideoLinks lists those within the scope that expired or were ended after a time or not at all, newest first.
	VideoLinks(ctx context.Context, scope actor.Scope, since time.Time, most int) ([]StreamLink, error)
	// VideoLink finds one: errs.NotFound.
	VideoLink(ctx context.Context, id string) (StreamLink, error)
	// AddVideoLink stores a new one.
	AddVideoLink(ctx context.Context, l StreamLink) error
	// EndVideoLink ends one that was not ended; what was written before may come until late. Without late it also ends that
	// for one that was ended before. It reports whether anything changed.
	EndVideoLink(ctx context.Context, id, by string, at time.Time, late *time.Time) (bool, error)
	// ChangeVideoLink keeps until when an open one lives, and for whom it is; it reports whether it was open at a time.
	ChangeVideoLink(ctx context.Context, l StreamLink, at time.Time) (bool, error)
	// UseVideoLink counts a session that was opened.
	UseVideoLink(ctx context.Context, id string, at time.Time) error
}

// Outside registers cameras that are behind no terminal (device.Service).
type Outside interface {
	// CreateOutside registers one.
	CreateOutside(ctx context.Context, n device.New) (device.Device, error)
	// Sends says whether one sends at the moment.
	Sends(ctx context.Context, id string, sending bool)
}

// Shared is a link with what its holder needs. Page is the console's page of it, to which # and the token are added:
// what stands behind # is not sent to any server's log.
type Shared struct {
	Link  StreamLink `json:"link"`
	Token string     `json:"token"`
	URL   string     `json:"url" doc:"Path to POST the offer to: WHIP or WHEP"`
	Page  string     `json:"page" doc:"Path of the page; # and the token are added"`
}

// Links lists the links that the actor may see, of the last thirty days.
func (s *Service) Links(ctx context.Context) ([]StreamLink, error) {
	a, err := actor.Require(ctx, actor.VideoShare)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	list, err := s.o.Links.VideoLinks(ctx, a.Scope(), now.Add(-linksKept), maxLinks)
	if err != nil {
		return nil, err
	}
	running := map[string]int{}
	s.mu.Lock()
	for _, v := range s.sessions {
		running[v.link]++
	}
	s.mu.Unlock()
	for i := range list {
		list[i].State, list[i].Sessions = list[i].stateAt(now), running[list[i].ID]
	}
	return list, nil
}

// Share makes a link. To send by, it needs a stream that is no terminal's, or makes one.
func (s *Service) Share(ctx context.Context, d LinkDraft) (Shared, error) {
	a, err := actor.Require(ctx, actor.VideoShare)
	if err != nil {
		return Shared{}, err
	}
	if err := world.Outside(ctx, "a link to a picture"); err != nil {
		return Shared{}, err
	}
	if d.Division == "" {
		d.Division = a.DivisionCode
	}
	if err := d.check(); err != nil {
		return Shared{}, err
	}
	if err := s.mayShare(ctx, a, &d); err != nil {
		return Shared{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Shared{}, fmt.Errorf("make id: %w", err)
	}
	now := event.Stamp(time.Now())
	l := StreamLink{
		ID: id.String(), Division: d.Division, Stream: d.Stream, Action: d.Action, Title: d.Title, State: LinkOpen,
		IncidentID: d.IncidentID, PersonID: d.PersonID, Author: a.ID, AuthorName: a.Name, CreatedAt: now, ExpiresAt: now.Add(time.Duration(d.Hours) * time.Hour),
	}
	if err := s.belongs(ctx, l); err != nil {
		return Shared{}, err
	}
	if err := s.fewLinks(ctx, now); err != nil {
		return Shared{}, err
	}
	if l.Stream == "" {
		l.Stream = "phone-" + strings.ReplaceAll(l.ID, "-", "")
		if _, err := s.o.Outside.CreateOutside(ctx, device.New{ID: l.Stream, Name: d.Title, Division: d.Division, Place: d.Place}); err != nil {
			return Shared{}, err
		}
	}
	err = event.Change(ctx, s.o.Tx, s.o.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.o.Links.AddVideoLink(ctx, l); err != nil {
			return err
		}
		note(event.New(ctx, EventShared, l.ID, l.Division, l))
		return nil
	})
	if err != nil {
		return Shared{}, err
	}
	return s.shared(l), nil
}

// fewLinks refuses more open links than anybody can look after.
func (s *Service) fewLinks(ctx context.Context, now time.Time) error {
	open, err := s.o.Links.VideoLinks(ctx, actor.Everything, now, maxLinks)
	if err == nil && len(open) >= maxLinks {
		err = errs.E(errs.Conflict, "video.links_full", "%d links are open; end those that nobody needs", maxLinks)
	}
	return err
}

// mayShare checks the stream of a draft, or the division of a new one.
func (s *Service) mayShare(ctx context.Context, a actor.Actor, d *LinkDraft) error {
	if d.Stream == "" {
		if !a.Covers(d.Division) {
			return errs.E(errs.Denied, "device.division", "division %s is not yours", d.Division)
		}
		return nil
	}
	camera, ok := s.o.Devices.Visible(ctx, d.Stream)
	if !ok || camera.Kind != device.Camera {
		return noStream(d.Stream)
	}
	if d.Action == Publish && camera.Parent != "" {
		return errs.E(errs.Conflict, "video.terminal_sends", "camera %s is sent by its terminal; make a link with a picture of its own", d.Stream)
	}
	if camera.Division != "" {
		d.Division = camera.Division
	}
	return nil
}

func (s *Service) shared(l StreamLink) Shared {
	out := Shared{Link: l, Token: s.signer.linkToken(l.ID), URL: "/whip/" + l.Stream, Page: "/field/" + l.Stream}
	if l.Action == Watch {
		out.URL, out.Page = "/whep/"+l.Stream, "/watch/"+l.Stream
	}
	return out
}

// ShowLink gives an open link's token once more; it is written down who wanted it.
func (s *Service) ShowLink(ctx context.Context, id string) (Shared, error) {
	l, err := s.link(ctx, id)
	if err != nil {
		return Shared{}, err
	}
	if l.State = l.stateAt(time.Now()); l.State != LinkOpen {
		return Shared{}, errs.E(errs.Conflict, "video.link_closed", "the link is %s; make a new one", l.State)
	}
	err = event.Change(ctx, s.o.Tx, s.o.Events, func(ctx context.Context, note func(event.Event)) error {
		note(event.New(ctx, EventLinkShown, l.ID, l.Division, l))
		return nil
	})
	return s.shared(l), err
}

// EndLink ends a link and all that is sent or watched by it. With late, what the holder of one to send by wrote down before
// its end is taken in for LateFor; without it nothing is, also when the link was ended or had expired before.
func (s *Service) EndLink(ctx context.Context, id string, late bool) error {
	l, err := s.link(ctx, id)
	if err != nil {
		return err
	}
	a, _ := actor.From(ctx)
	now := event.Stamp(time.Now())
	var until *time.Time
	if late && l.Action == Publish {
		until = new(l.Closes().Add(LateFor))
		if now.Before(l.Closes()) {
			until = new(now.Add(LateFor))
		}
	}
	err = event.Change(ctx, s.o.Tx, s.o.Events, func(ctx context.Context, note func(event.Event)) error {
		ended, err := s.o.Links.EndVideoLink(ctx, id, a.Name, now, until)
		if err != nil || !ended {
			return err
		}
		if l.EndedAt == nil {
			l.EndedAt, l.EndedByName = &now, a.Name
		}
		l.State, l.LateUntil = LinkEnded, until
		note(event.New(ctx, EventLinkEnded, l.ID, l.Division, l))
		return nil
	})
	if err != nil {
		return err
	}
	s.drop(func(v session) bool { return v.link == id })
	return nil
}

// link finds one that the actor may see.
func (s *Service) link(ctx context.Context, id string) (StreamLink, error) {
	a, err := actor.Require(ctx, actor.VideoShare)
	if err != nil {
		return StreamLink{}, err
	}
	l, err := s.o.Links.VideoLink(ctx, id)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !a.Covers(l.Division)) {
		return StreamLink{}, noLink(id)
	}
	return l, err
}

// byLink finds the link of a token and checks that it may be used: its author must still be allowed to see the
// picture, and the picture must still be there.
func (s *Service) byLink(ctx context.Context, id, stream string, action Action, now time.Time) (StreamLink, device.Device, error) {
	l, err := s.o.Links.VideoLink(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return StreamLink{}, device.Device{}, noToken()
	}
	if err != nil {
		return StreamLink{}, device.Device{}, err
	}
	if err := l.allows(stream, action, now); err != nil {
		return StreamLink{}, device.Device{}, err
	}
	if !s.mayOpen(l.ID, now) {
		return StreamLink{}, device.Device{}, errs.E(errs.Unavailable, "video.link_busy", "too many connections by this link; it goes on in a few seconds")
	}
	camera, err := s.stands(ctx, l)
	return l, camera, err
}

// Sessions by one link: a phone on a bad net connects again and again, a stolen link must not wear out the centre.
const (
	openBurst = 30
	openEvery = 2 * time.Second
	openLinks = 10_000 // of how many links is kept count
)

// mayOpen counts a session that begins by a link.
func (s *Service) mayOpen(link string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.opens) >= openLinks {
		clear(s.opens)
	}
	l := s.opens[link]
	if l == nil {
		l = rate.NewLimiter(rate.Every(openEvery), openBurst)
		s.opens[link] = l
	}
	return l.AllowN(now, 1)
}

// stands is the camera of a link whose author may still see it.
func (s *Service) stands(ctx context.Context, l StreamLink) (device.Device, error) {
	switch err := s.sees(ctx, l.Author, l.Stream); errs.KindOf(err) {
	case errs.Internal, errs.Invalid, errs.Conflict, errs.Unavailable:
		if err != nil {
			return device.Device{}, err
		}
	case errs.Unauthenticated, errs.Denied, errs.NotFound:
		return device.Device{}, errs.Wrap(err, errs.Unauthenticated, "video.link_void", "whoever gave this link may not see the picture any more")
	}
	camera, ok := s.o.Devices.Visible(actor.WithSystem(ctx, "video"), l.Stream)
	if !ok {
		return device.Device{}, noStream(l.Stream)
	}
	return camera, nil
}

// publishByLink answers the offer of whoever holds a link to send by.
func (s *Service) publishByLink(ctx context.Context, link, id, offer string, over bool) (Answer, error) {
	now := time.Now()
	l, camera, err := s.byLink(ctx, link, id, Publish, now)
	if err != nil {
		return Answer{}, err
	}
	answer, err := s.o.Router.Publish(ctx, id, offer, over)
	if err != nil {
		return Answer{}, err
	}
	v := session{nonce: l.ID, stream: id, division: l.Division, user: linkUser(l), name: l.Title, since: now, link: l.ID, author: l.Author, until: l.ExpiresAt}
	return s.begin(ctx, l, v, answer, func() { s.stream(camera) })
}

// playByLink answers the offer of whoever holds a link to watch by. It opens sessions as long as it lives.
func (s *Service) playByLink(ctx context.Context, link, id, offer string) (Answer, error) {
	now := time.Now()
	l, camera, err := s.byLink(ctx, link, id, Watch, now)
	if err != nil {
		return Answer{}, err
	}
	if camera.Parent != "" {
		if err := s.ask(actor.WithSystem(ctx, "video"), PlaceWish{Stream: id, Layer: LayerMain}, ""); err != nil {
			return Answer{}, err
		}
	}
	answer, err := s.o.Router.Watch(ctx, id, linkUser(l), Wish{Layer: LayerMain}, offer)
	if err != nil {
		return Answer{}, err
	}
	v := session{nonce: l.ID, stream: id, division: l.Division, watch: true, user: linkUser(l), name: l.Title, since: now, link: l.ID, author: l.Author, until: l.ExpiresAt}
	return s.begin(ctx, l, v, answer, func() { s.stream(camera).lease.arrived() })
}

// begin notes a session of a link and writes it down; join is called with the lock held.
func (s *Service) begin(ctx context.Context, l StreamLink, v session, answer Answer, join func()) (Answer, error) {
	answer.User = v.user
	s.mu.Lock()
	join()
	s.sessions[answer.Session] = v
	s.mu.Unlock()
	s.poke()
	began := watched(ctx, answer.Session, v, false)
	err := s.o.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.o.Links.UseVideoLink(ctx, l.ID, event.Stamp(v.since)); err != nil {
			return err
		}
		return s.o.Events.Record(ctx, &began)
	})
	if err != nil {
		return Answer{}, errors.Join(err, s.o.Router.Hang(answer.Session))
	}
	s.o.Events.Publish(ctx, began)
	return answer, nil
}

// linkUser is whose sessions those of a link are: each link has the limits of one user.
func linkUser(l StreamLink) string { return "link-" + l.ID }
