package consult

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
)

// Incidents are what is consulted about (incident.Service).
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// People know who may do what now (account.Service).
type People interface {
	Present(ctx context.Context, user string) (actor.Actor, error)
	User(ctx context.Context, id string) (account.User, error)
}

// Router carries pictures and sound (sfu.SFU).
type Router interface {
	Sit(ctx context.Context, streams []string, own int, user, offer string) (video.Answer, error)
	Show(session string, at int, stream string, wish video.Wish) (video.Shown, error)
	Mute(session string, on bool) error
	Loudness(stream string, now time.Time) (below int, ok bool)
	Hang(session string) error
}

// Pictures are the scenes (video.Service).
type Pictures interface {
	// Lend asks for a scene that the actor may watch, so that a room sees it; it returns its name.
	Lend(ctx context.Context, stream string) (string, error)
	// Sees is errs.Denied, NotFound or Unauthenticated when a user may not watch a scene any more.
	Sees(ctx context.Context, user, stream string) error
}

// Recorder keeps streams; the service has authorised that.
type Recorder interface {
	Begin(ctx context.Context, stream string) error
	End(ctx context.Context, stream string) error
	// Hold keeps what was recorded of a stream for an incident or file.
	Hold(ctx context.Context, stream string, from, to time.Time, reference string) error
}

// Options of the service.
type Options struct {
	Store     Store
	Tx        Tx
	Desks     incident.Desks
	Incidents Incidents
	People    People
	Router    Router
	Pictures  Pictures
	Recorder  Recorder // nil: nothing can be recorded
	Crowd     int      // people in a room; 0: as the rules say
	Events    event.Publisher
	Log       *slog.Logger
}

// Service is the use cases. Start looks after who is in the rooms.
type Service struct {
	Options
	loop *run.Loop

	asked    atomic.Bool // rights have changed
	mu       sync.Mutex
	meetings map[string]*meeting // by room
}

// New makes a service.
func New(o Options) *Service {
	o.Crowd = cmp.Or(o.Crowd, Crowd)
	return &Service{Options: o, loop: run.NewLoop(), meetings: map[string]*meeting{}}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// system is the centre itself in the world of a room.
func system(ctx context.Context, r Room) context.Context {
	return world.Into(actor.WithSystem(ctx, "consult"), world.World(r.Exercise))
}

// Open opens a room; who opens it is its chair.
func (s *Service) Open(ctx context.Context, d Draft) (Room, error) {
	a, o, err := s.Desks.Own(ctx, actor.ConsultHold)
	if err != nil {
		return Room{}, err
	}
	now := stamp()
	r := Room{
		ID: newID(), OrgID: o.ID, OrgName: o.Name, State: Open, Chair: a.ID, ChairName: a.Name, Exercise: string(world.Of(ctx)), CreatedBy: a.Name, CreatedAt: now, UsedAt: now, Version: 1,
	}
	if d.IncidentID != "" {
		i, err := s.Incidents.Get(ctx, d.IncidentID)
		if err != nil {
			return Room{}, err
		}
		if i.State != incident.Open {
			return Room{}, errs.E(errs.Conflict, "consult.incident_closed", "the incident is not open any more")
		}
		r.IncidentID, r.Incident = i.ID, i.No+" "+i.Title
		d.Division = cmp.Or(d.Division, i.Division)
	}
	d.Division = cmp.Or(d.Division, o.Division)
	if err := d.check(); err != nil {
		return Room{}, err
	}
	if !a.Covers(d.Division) {
		return Room{}, errs.E(errs.Denied, "consult.division_denied", "division %s is not yours", d.Division)
	}
	r.Title, r.Division = d.Title, d.Division
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		open, err := s.Store.Idle(ctx)
		if err != nil {
			return err
		}
		if len(open) >= maxRooms {
			return errs.E(errs.Conflict, "consult.rooms_full", "%d rooms are open; end those that nobody needs", maxRooms)
		}
		if err := s.Store.Save(ctx, r, 0); err != nil {
			return err
		}
		return s.write(ctx, r, note, EventOpened, "opened", "", Trace{})
	})
	return r, err
}

// write keeps a line of a room, in the timeline of its incident as well, and notes the event.
func (s *Service) write(ctx context.Context, r Room, note func(event.Event), kind, act, text string, t Trace) error {
	a, _ := actor.From(ctx)
	if err := s.Store.AddLine(ctx, Line{RoomID: r.ID, At: stamp(), Act: act, ByName: a.Name, Text: text}); err != nil {
		return err
	}
	if r.IncidentID != "" {
		words := r.Title
		if text != "" {
			words += "：" + text
		}
		st := incident.Step{Kind: incident.Consulted, Act: act, Text: words, Ref: r.ID}
		if err := s.Incidents.Record(ctx, r.IncidentID, account.Org{ID: r.OrgID, Name: r.OrgName, Division: r.Division}, st, nil); err != nil {
			return err
		}
	}
	t.Room, t.Incident = r.Title, r.IncidentID
	note(event.New(ctx, kind, r.ID, r.Division, t))
	return nil
}

// visitor is who wants something of a room.
type visitor struct {
	id    string // of the user, or of the invitation
	name  string
	org   string
	guest bool
	as    actor.Actor
	above bool // the room is within reach of the own desk
}

func (v visitor) in(ctx context.Context, r Room) context.Context {
	return world.Into(actor.With(ctx, v.as), world.World(r.Exercise))
}

// door finds a room and who stands before it: with a token somebody from outside, else the actor. What they may not
// enter is not there.
func (s *Service) door(ctx context.Context, id, token string) (Room, visitor, error) {
	if token != "" {
		return s.guestDoor(ctx, id, token)
	}
	a, reach, err := s.Desks.Reach(ctx, actor.ConsultJoin)
	if err != nil {
		return Room{}, visitor{}, err
	}
	r, err := s.Store.Room(ctx, id)
	if err != nil {
		return Room{}, visitor{}, err
	}
	v := visitor{id: a.ID, name: a.Name, org: reach.Desk.Name, as: a, above: reach.Has(r.OrgID)}
	if v.above || r.Chair == a.ID {
		return r, v, nil
	}
	list, err := s.Store.Invitations(ctx, id)
	if err != nil {
		return Room{}, visitor{}, err
	}
	now := time.Now()
	if slices.ContainsFunc(list, func(i Invitation) bool {
		return i.holds(now) && (i.Kind == ForPerson && i.Ref == a.ID || i.Kind == ForOrg && i.Ref == reach.Desk.ID)
	}) {
		return r, v, nil
	}
	return Room{}, visitor{}, noRoom()
}

// guestDoor is door for who holds a link.
func (s *Service) guestDoor(ctx context.Context, id, token string) (Room, visitor, error) {
	bad := errs.E(errs.Unauthenticated, "consult.link", "this link is not of this room; ask whoever gave it to you for a new one")
	i, err := s.Store.Link(ctx, account.Digest(token))
	if errs.KindOf(err) == errs.NotFound || (err == nil && i.RoomID != id) {
		return Room{}, visitor{}, bad
	}
	if err != nil {
		return Room{}, visitor{}, err
	}
	if !i.holds(time.Now()) {
		return Room{}, visitor{}, errs.E(errs.Unauthenticated, "consult.link_expired", "this link holds no longer; ask whoever gave it to you for a new one")
	}
	r, err := s.Store.Room(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return Room{}, visitor{}, bad
	}
	return r, visitor{id: i.ID, name: i.Name, guest: true, as: actor.Actor{Kind: actor.User, ID: i.ID, Name: i.Name}}, err
}

// led is door for what only the chair does.
func (s *Service) led(ctx context.Context, id string) (Room, visitor, error) {
	r, v, err := s.door(ctx, id, "")
	if err != nil {
		return r, v, err
	}
	if !v.as.Can(actor.ConsultHold) {
		return r, v, errs.E(errs.Denied, "auth.denied", "permission %s is missing", actor.ConsultHold)
	}
	if r.Chair != v.id {
		return r, v, errs.E(errs.Denied, "consult.not_chair", "%s leads this room; only the chair does that", r.ChairName)
	}
	return r, v, running(r)
}

func running(r Room) error {
	if r.State != Open {
		return errs.E(errs.Conflict, "consult.ended", "this consultation has ended")
	}
	return nil
}

// List lists the rooms that the actor may enter, the newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Listed, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ConsultJoin)
	if err != nil {
		return nil, err
	}
	rooms, err := s.Store.Rooms(ctx, f)
	if err != nil {
		return nil, err
	}
	invited, err := s.Store.Invited(ctx, a.ID, reach.Desk.ID)
	if err != nil {
		return nil, err
	}
	out := []Listed{}
	for _, r := range rooms {
		if reach.Has(r.OrgID) || r.Chair == a.ID || slices.Contains(invited, r.ID) {
			out = append(out, Listed{Room: r, Here: s.here(r.ID)})
		}
	}
	return out, nil
}

// Listed is a room in the list.
type Listed struct {
	Room
	Here int `json:"here" doc:"How many are in it now"`
}

// Whole is a room with what belongs to it, as its members see it.
type Whole struct {
	Room
	Invitations []Invitation `json:"invitations"`
	Lines       []Line       `json:"lines"`
	Here        []Person     `json:"here"`
	Leads       bool         `json:"leads" doc:"The actor is the chair"`
	May         bool         `json:"may_lead" doc:"The actor may take the chair"`
}

// Get shows a room. Somebody from outside sees neither who was invited nor what went on.
func (s *Service) Get(ctx context.Context, id, token string) (Whole, error) {
	r, v, err := s.door(ctx, id, token)
	if err != nil {
		return Whole{}, err
	}
	out := Whole{Room: r, Invitations: []Invitation{}, Lines: []Line{}, Here: s.people(r)}
	if v.guest {
		out.Room = r.outside()
		return out, nil
	}
	out.Leads, out.May = r.Chair == v.id, v.above && v.as.Can(actor.ConsultHold)
	list, err := s.Store.Invitations(ctx, id)
	if err != nil {
		return out, err
	}
	lines, err := s.Store.Lines(ctx, id)
	out.Invitations, out.Lines = append(out.Invitations, list...), append(out.Lines, lines...)
	return out, err
}

// Wish is whom the chair invites: users and organisations by id, or one expert by name for so many hours.
type Wish struct {
	People []string
	Orgs   []string
	Guest  string
	Hours  int
}

// Given is what became of an invitation; Token is shown once.
type Given struct {
	Invitations []Invitation `json:"invitations"`
	Token       string       `json:"token,omitempty"`
	Page        string       `json:"page,omitempty" doc:"Of the console; the address for a QR code is page#token"`
}

// Invite lets people in.
func (s *Service) Invite(ctx context.Context, id string, w Wish) (Given, error) {
	r, v, err := s.led(ctx, id)
	if err != nil {
		return Given{}, err
	}
	now := stamp()
	out := Given{Invitations: []Invitation{}}
	add := func(kind GuestKind, ref, name string) *Invitation {
		out.Invitations = append(out.Invitations, Invitation{ID: newID(), RoomID: id, Kind: kind, Ref: ref, Name: name, ByName: v.name, At: now})
		return &out.Invitations[len(out.Invitations)-1]
	}
	for _, ref := range w.People {
		u, err := s.People.User(actor.WithSystem(ctx, "consult"), ref)
		if err != nil {
			return Given{}, errs.Field("consult.person", "people", "there is no such person")
		}
		add(ForPerson, u.ID, u.Name)
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Given{}, err
	}
	for _, ref := range w.Orgs {
		o, ok := incident.Find(tree, ref)
		if !ok {
			return Given{}, errs.Field("consult.org", "orgs", "there is no such organisation")
		}
		add(ForOrg, o.ID, o.Name)
	}
	if w.Guest = strings.TrimSpace(w.Guest); w.Guest != "" {
		if err := world.Outside(ctx, "a link for somebody from outside"); err != nil {
			return Given{}, err
		}
		if !errs.Name(w.Guest, maxName) {
			return Given{}, errs.Field("consult.guest", "guest", "1 to 80 characters on one line")
		}
		if w.Hours < 1 || w.Hours > maxHours {
			return Given{}, errs.Field("consult.hours", "hours", "1 to 72 hours")
		}
		until := now.Add(time.Duration(w.Hours) * time.Hour)
		out.Token, out.Page = rand.Text(), "/meet/"+id
		i := add(ForGuest, "", w.Guest)
		i.ExpiresAt, i.Hash = &until, account.Digest(out.Token)
	}
	if len(out.Invitations) == 0 {
		return Given{}, errs.Field("consult.nobody", "people", "name somebody")
	}
	return out, s.invite(ctx, r, out.Invitations)
}

func (s *Service) invite(ctx context.Context, r Room, wanted []Invitation) error {
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		list, err := s.Store.Invitations(ctx, r.ID)
		if err != nil {
			return err
		}
		now := time.Now()
		list = slices.DeleteFunc(list, func(i Invitation) bool { return !i.holds(now) })
		for _, i := range wanted {
			if i.Kind != ForGuest && slices.ContainsFunc(list, func(o Invitation) bool { return o.Kind == i.Kind && o.Ref == i.Ref }) {
				continue // they are invited already
			}
			if list = append(list, i); len(list) > maxInvited {
				return errs.E(errs.Conflict, "consult.invited_full", "%d invitations hold; revoke those that nobody needs", maxInvited)
			}
			if err := s.Store.SaveInvitation(ctx, i); err != nil {
				return err
			}
			if err := s.write(ctx, r, note, EventInvited, "invited", i.Name, Trace{Person: cmp.Or(i.Ref, i.ID)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Revoke ends an invitation; who came by it leaves.
func (s *Service) Revoke(ctx context.Context, id, invitation string) error {
	r, _, err := s.led(ctx, id)
	if err != nil {
		return err
	}
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		list, err := s.Store.Invitations(ctx, id)
		if err != nil {
			return err
		}
		k := slices.IndexFunc(list, func(i Invitation) bool { return i.ID == invitation })
		if k < 0 {
			return errs.E(errs.NotFound, "consult.no_invitation", "there is no such invitation")
		}
		if list[k].RevokedAt != nil {
			return nil
		}
		now := stamp()
		list[k].RevokedAt = &now
		if err := s.Store.SaveInvitation(ctx, list[k]); err != nil {
			return err
		}
		return s.write(ctx, r, note, EventRevoked, "revoked", list[k].Name, Trace{Person: cmp.Or(list[k].Ref, list[k].ID)})
	})
	if err == nil {
		s.Recheck(ctx)
	}
	return err
}

// change saves a room over its newest version and writes a line.
func (s *Service) change(ctx context.Context, id, kind, act, text string, t Trace, fn func(*Room) error) (Room, error) {
	var r Room
	err := event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		var err error
		if r, err = s.Store.Room(ctx, id); err != nil {
			return err
		}
		if err := fn(&r); err != nil {
			return err
		}
		r.Version++
		if err := s.Store.Save(ctx, r, r.Version-1); err != nil || act == "" {
			return err
		}
		return s.write(ctx, r, note, kind, act, text, t)
	})
	if err == nil {
		s.changed(r)
	}
	return r, err
}

// Take gives the chair to the actor, whose desk opened the room or stands above that; Hand gives it to somebody in it.
func (s *Service) Take(ctx context.Context, id string) (Room, error) {
	r, v, err := s.door(ctx, id, "")
	switch {
	case err != nil:
		return r, err
	case !v.above || !v.as.Can(actor.ConsultHold):
		return r, errs.E(errs.Denied, "consult.not_above", "only %s and the desks above it take the chair", r.OrgName)
	case r.Chair == v.id:
		return r, nil
	}
	return s.seatChair(ctx, id, v.id, v.name)
}

// Hand gives the chair to a member who is in the room.
func (s *Service) Hand(ctx context.Context, id, person string) (Room, error) {
	r, _, err := s.led(ctx, id)
	if err != nil {
		return r, err
	}
	p, ok := s.find(id, person)
	if !ok || p.guest {
		return r, errs.E(errs.NotFound, "consult.no_person", "there is no such member in the room")
	}
	a, err := s.People.Present(actor.WithSystem(ctx, "consult"), p.who)
	if err != nil || !a.Can(actor.ConsultHold) {
		return r, errs.E(errs.Denied, "consult.cannot_lead", "%s may not lead a room", p.name)
	}
	return s.seatChair(ctx, id, p.who, p.name)
}

func (s *Service) seatChair(ctx context.Context, id, user, name string) (Room, error) {
	return s.change(ctx, id, EventChaired, "chaired", name, Trace{Person: user}, func(r *Room) error {
		r.Chair, r.ChairName = user, name
		return running(*r)
	})
}

// End ends a room: everybody leaves, links hold no longer, recordings stop.
func (s *Service) End(ctx context.Context, id string) (Room, error) {
	r, v, err := s.led(ctx, id)
	if err != nil {
		return r, err
	}
	return s.end(v.in(ctx, r), r)
}

func (s *Service) end(ctx context.Context, r Room) (Room, error) {
	if r.Recording {
		var err error
		if r, err = s.record(ctx, r, false); err != nil {
			return r, err
		}
	}
	a, _ := actor.From(ctx)
	r, err := s.change(ctx, r.ID, EventEnded, "ended", "", Trace{}, func(r *Room) error {
		if err := running(*r); err != nil {
			return err
		}
		now := stamp()
		r.State, r.EndedAt, r.EndedBy, r.Share = Ended, &now, a.Name, Share{}
		return nil
	})
	if err == nil {
		s.empty(r)
	}
	return r, err
}
