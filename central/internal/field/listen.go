package field

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/video"
)

// Heard is what a phone knows, and what it is told when that changes. News stands for its page and its messages; empty,
// the phone asks for the picture alone.
type Heard struct {
	Wanted bool   `json:"wanted"`
	News   string `json:"news"`
}

// How long a question waits, and what it costs: every answer is data that somebody pays for, and every look at the
// database is work.
const (
	wantedFor   = 15 * time.Second
	newsFor     = 45 * time.Second
	wantedEvery = 500 * time.Millisecond
	lookEvery   = 300 * time.Millisecond // at most, however much happens
	perLink     = 4                      // questions at once: a phone that changes its net leaves some behind
)

// listener is one question that waits.
type listener struct {
	link, stream, incident, person string
	wake                           chan struct{}   // something may be new
	out                            bool            // a newer one of its link took its place; guarded by ears.mu
	tasks                          map[string]bool // on the page as the phone knows it; nil: not looked at yet; guarded by ears.mu
}

// ears are the questions that wait, the oldest first.
type ears struct {
	mu  sync.Mutex
	all []*listener
}

func (e *ears) add(l *listener) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var own []*listener
	for _, o := range e.all {
		if o.link == l.link {
			own = append(own, o)
		}
	}
	if len(own) >= perLink {
		own[0].out = true
		own[0].ring()
		e.all = slices.DeleteFunc(e.all, func(o *listener) bool { return o == own[0] })
	}
	e.all = append(e.all, l)
}

func (e *ears) drop(l *listener) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = slices.DeleteFunc(e.all, func(o *listener) bool { return o == l })
}

func (e *ears) isOut(l *listener) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return l.out
}

// knows notes the tasks of a page; they are those of the phone as long as its news stand.
func (e *ears) knows(l *listener, tasks []response.Task) {
	all := make(map[string]bool, len(tasks))
	for i := range tasks {
		all[tasks[i].ID] = true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	l.tasks = all
}

func (l *listener) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// OnEvent has those look again whose page or messages an event may have changed.
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	about := concerned(e)
	if about == nil {
		return
	}
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	for _, l := range s.ears.all {
		if about(l) {
			l.ring()
		}
	}
}

// concerned tells for whom an event may be news; nil: for nobody. Under ears.mu.
func concerned(e event.Event) func(*listener) bool {
	switch {
	case strings.HasPrefix(e.Kind, crew.EventKind):
		m, _ := e.Data.(crew.Message)
		return func(l *listener) bool { return l.stream == m.Target }
	case e.Kind == video.EventLinkEnded || e.Kind == video.EventLinkChanged:
		m, _ := e.Data.(video.StreamLink)
		return func(l *listener) bool { return l.stream == m.Stream }
	case strings.HasPrefix(e.Kind, response.EventKind):
		return tasked(e)
	case e.Kind == incident.EventMerged || e.Kind == incident.EventUnmerged:
		return func(l *listener) bool { return l.incident != "" }
	case strings.HasPrefix(e.Kind, incident.EventKind):
		return func(l *listener) bool { return l.incident == e.Subject }
	}
	return nil
}

// tasked is concerned for what is done about an incident.
func tasked(e event.Event) func(*listener) bool {
	switch e.Kind {
	case response.EventTask, response.EventLate:
		tr, _ := e.Data.(response.Trace)
		again := response.State(tr.From).Over() // one that was over long ago and is opened again comes back to the page
		return func(l *listener) bool { return l.person != "" && (again || l.tasks == nil || l.tasks[e.Subject]) }
	case response.EventCommand, response.EventProposed, response.EventDeclined, response.EventReportLate, response.EventLink:
		return nil // no page of a phone shows them
	}
	// A new task, or a seat with tasks, may be anybody's, whichever incident their link is of.
	return func(l *listener) bool { return l.person != "" }
}

// Listen waits until something is no longer as the phone knows it, or for a while. ctx must live that long.
func (s *Service) Listen(ctx context.Context, token, stream string, known Heard) (Heard, error) {
	holding, l, err := s.holder(ctx, token, stream)
	if err != nil {
		return Heard{}, err
	}
	if err := open(l, stamp(), stamp()); err != nil {
		return Heard{}, err
	}
	if s.Messages != nil {
		s.Messages.Here(stream) // only an open page listens
	}
	patience := wantedFor
	me := &listener{link: l.ID, stream: stream, incident: l.IncidentID, person: l.PersonID, wake: make(chan struct{}, 1)}
	if known.News != "" {
		patience = newsFor
		if l.IncidentID != "" {
			i, err := s.Incidents.Standing(holding, l.IncidentID)
			if err != nil {
				return Heard{}, err
			}
			me.incident = i.ID
		}
		me.ring() // what happened before the question is found at once
	}
	s.ears.add(me)
	defer s.ears.drop(me)
	tick, end := time.NewTicker(wantedEvery), time.NewTimer(patience)
	defer tick.Stop()
	defer end.Stop()
	for looked := (time.Time{}); ; {
		now := Heard{s.Links.Wanted(stream), known.News}
		wake := me.wake
		if time.Since(looked) < lookEvery {
			wake = nil
		}
		if now != known {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return known, nil
		case <-end.C:
			return known, nil
		case <-tick.C:
		case <-wake:
			if s.ears.isOut(me) {
				return known, nil
			}
			if known.News == "" {
				continue
			}
			looked = time.Now()
			page, err := s.Open(ctx, token, stream)
			if err != nil {
				return Heard{}, err
			}
			if page.News != known.News {
				return Heard{now.Wanted, page.News}, nil
			}
			s.ears.knows(me, page.Tasks)
		}
	}
}

// news stands for what a page shows and for its messages. What the phone itself says of a message is no news to it.
func (s *Service) news(ctx context.Context, p Page, token, stream string) (string, error) {
	p.At, p.Wanted, p.News = time.Time{}, false, ""
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	sum.Write(text)
	if s.Messages != nil {
		list, err := s.Messages.MessagesOf(ctx, token, stream)
		if err != nil {
			return "", err
		}
		for i := range list {
			over := ""
			if st := list[i].State; st == crew.Withdrawn || st == crew.Expired {
				over = string(st)
			}
			sum.Write([]byte("\n" + list[i].ID + over))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}
