package consult

import (
	"cmp"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// meeting is who is in a room now. It is in memory alone: after a restart of the centre the room is still there and
// everybody comes back by themselves. All of it is guarded by the service's lock.
type meeting struct {
	room    Room
	people  []*person
	view    *View    // of the shared map
	absent  []Absent // who was asked in and has not come
	talk    speakers
	speaker int               // seat; -1: nobody has spoken
	removed map[string]string // keys of tabs that the chair has taken out, and whose: they do not come back by themselves
	version uint64
	news    chan struct{} // closed at the next change
}

// person is somebody in a room.
type person struct {
	id      string
	key     string // of the tab; another one of the same person takes over
	who     string // user, or invitation
	name    string
	org     string
	guest   bool
	as      actor.Actor
	seat    int // -1: listens
	session string
	shown   string    // showing of the shared scene
	away    time.Time // since when the link is broken; zero: it stands
	since   time.Time
	camera  bool
	quiet   bool // muted by themselves
	muted   bool // by the chair
	hand    bool
	busy    bool // on the way in
	pace    pace
	waits   chan struct{} // closed when another question of the same tab comes
}

// Person is somebody in a room, as all others see them.
type Person struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Org    string    `json:"org,omitempty"`
	Guest  bool      `json:"guest,omitempty" doc:"From outside, by a link"`
	Chair  bool      `json:"chair,omitempty"`
	Seat   int       `json:"seat" doc:"0 to 7; -1: listens. Picture and sound of a seat are at place seat + 1 and voice seat of the connection"`
	Camera bool      `json:"camera,omitempty" doc:"Sends a picture"`
	Quiet  bool      `json:"quiet,omitempty" doc:"Has muted themselves"`
	Muted  bool      `json:"muted,omitempty" doc:"Was muted by the chair"`
	Hand   bool      `json:"hand,omitempty" doc:"Wants to speak"`
	Away   bool      `json:"away,omitempty" doc:"The link is broken; the place is kept for 15 s"`
	Since  time.Time `json:"since"`
	Map    Sight     `json:"map,omitempty" enum:"part,none" doc:"How much of the shared map they see, where that is less than who leads it sees: each map is drawn by the rights of whoever looks at it"`
}

// Sight is how much somebody sees of the shared map.
type Sight string

// What may be seen of it.
const (
	SeesAsMuch  Sight = ""
	SeesPart    Sight = "part" // devices of their own division
	SeesNothing Sight = "none" // the base map alone
)

// Scene is what somebody in a room sees of it.
type Scene struct {
	Version uint64   `json:"version"`
	Room    Room     `json:"room"`
	People  []Person `json:"people"`
	Speaker int      `json:"speaker" doc:"Seat of who speaks, or spoke last; -1: nobody has"`
	View    *View    `json:"view,omitempty" doc:"Of the shared map"`
	Absent  []Absent `json:"absent,omitempty" doc:"Who was asked in and has not come; somebody from outside is not told"`
	Unkept  bool     `json:"unkept,omitempty" doc:"The room is to be recorded, and nothing is written: the disk of recordings is full"`
	You     string   `json:"you" doc:"Id of the asking person"`
}

// sight is how much of the shared map somebody sees, beside who leads it. The caller holds the lock.
func (m *meeting) sight(p *person) Sight {
	i := slices.IndexFunc(m.people, func(o *person) bool { return o.who == m.room.Share.By })
	switch {
	case m.room.Share.Kind != SharesMap || i < 0 || p == m.people[i]:
		return SeesAsMuch
	case !p.as.Can(actor.DeviceRead):
		return SeesNothing
	case !p.as.Covers(m.people[i].as.DivisionCode):
		return SeesPart
	}
	return SeesAsMuch
}

// shows is a person as all see them. The caller holds the lock.
func (m *meeting) shows(p *person) Person {
	return Person{
		ID: p.id, Name: p.name, Org: p.org, Guest: p.guest, Chair: p.who == m.room.Chair, Seat: p.seat, Camera: p.camera, Quiet: p.quiet, Muted: p.muted, Hand: p.hand, Away: !p.away.IsZero(), Since: p.since, Map: m.sight(p),
	}
}

// list is everybody by seat, listeners last.
func (m *meeting) list() []Person {
	out := make([]Person, 0, len(m.people))
	for _, p := range m.people {
		out = append(out, m.shows(p))
	}
	slices.SortFunc(out, func(a, b Person) int {
		return cmp.Or(cmp.Compare(uint(a.Seat), uint(b.Seat)), a.Since.Compare(b.Since)) //nolint:gosec // -1 comes last
	})
	return out
}

// bump tells everybody that waits.
func (m *meeting) bump() {
	m.version++
	close(m.news)
	m.news = make(chan struct{})
}

// meeting finds or makes that of a room. The caller holds the lock.
func (s *Service) meeting(r Room) *meeting {
	m, ok := s.meetings[r.ID]
	if !ok {
		m = &meeting{room: r, speaker: -1, removed: map[string]string{}, version: uint64(time.Now().UnixMicro()), news: make(chan struct{})} //nolint:gosec // after 1970
		s.meetings[r.ID] = m
		s.loop.Wake()
	}
	return m
}

// now is what a room is, as those in it see it.
func (s *Service) now(room string) (Room, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[room]; m != nil {
		return m.room, true
	}
	return Room{}, false
}

func (m *meeting) person(key string) *person {
	i := slices.IndexFunc(m.people, func(p *person) bool { return p.key == key })
	if i < 0 {
		return nil
	}
	return m.people[i]
}

// elsewhere reports whether somebody sits in a room by another tab, whose link stands.
func (s *Service) elsewhere(room string, v visitor, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.meetings[room]
	return m != nil && slices.ContainsFunc(m.people, func(p *person) bool { return p.who == v.id && p.key != key && p.away.IsZero() })
}

func (s *Service) here(room string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[room]; m != nil {
		return len(m.people)
	}
	return 0
}

func (s *Service) people(r Room) []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[r.ID]; m != nil {
		return m.list()
	}
	return []Person{}
}

// find is somebody in a room, by id.
func (s *Service) find(room, id string) (person, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[room]; m != nil {
		for _, p := range m.people {
			if p.id == id {
				return *p, true
			}
		}
	}
	return person{}, false
}

// changed takes over what a room has become, and tells.
func (s *Service) changed(r Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[r.ID]; m != nil && m.room.Version <= r.Version {
		m.room = r
		if r.Share.Kind != SharesMap {
			m.view = nil
		}
		m.bump()
	}
}
