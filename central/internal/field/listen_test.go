package field_test

import (
	"context"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// answer is what a question that waited was told.
type answer struct {
	field.Heard
	err error
}

// listens asks for news and waits until the question waits.
func (h *house) listens(ctx context.Context, known field.Heard) <-chan answer {
	h.t.Helper()
	out := make(chan answer, 1)
	n := h.Waiting()
	go func() {
		got, err := h.Listen(ctx, h.link.Token, h.link.Link.Stream, known)
		out <- answer{got, err}
	}()
	eventually(h.t, "the question waits or is answered", func() bool { return h.Waiting() > n || len(out) > 0 })
	return out
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func (h *house) news() string {
	h.t.Helper()
	p, err := h.Open(h.t.Context(), h.link.Token, h.link.Link.Stream)
	h.must(err)
	if p.News == "" {
		h.t.Fatal("an open page has no news")
	}
	return p.News
}

// Whatever is new for a phone answers the question that waits, once: asked again with that, it waits.
func TestAPhoneThatListensIsToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		known := field.Heard{News: h.news()}
		var order crew.Message
		for i, change := range []func(){
			func() {
				sent, err := h.crews.Send(h.officer, crew.Draft{Key: "k", Targets: []string{h.link.Link.Stream}, Text: "转移到 2 号点", Minutes: 60})
				h.must(err)
				order = sent[0]
			},
			func() {
				_, err := h.crews.Withdraw(h.officer, order.ID)
				h.must(err)
			},
			func() {
				_, err := h.responses.StepOf(t.Context(), h.person.ID, h.task.ID, response.Step{Kind: "accept"}, nil)
				h.must(err)
			},
			func() {
				_, err := h.incidents.Change(h.officer, h.incident.ID, incident.Change{Title: new("洋口镇圩堤决口"), Why: "更正"})
				h.must(err)
			},
			func() {
				_, err := h.pictures.ChangeLink(h.officer, h.link.Link.ID, video.LinkChange{Hours: 24})
				h.must(err)
			},
		} {
			waits := h.listens(t.Context(), known)
			change()
			got := <-waits
			if got.err != nil || got.News == known.News || got.News != h.news() {
				t.Fatalf("change %d: told %+v of %s, now %s", i, got, known.News, h.news())
			}
			known = got.Heard
		}
		// The end of the link ends the question.
		waits := h.listens(t.Context(), known)
		h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, false))
		if got := <-waits; got.err == nil && got.News == known.News {
			t.Errorf("a link that was ended goes on listening: %+v", got)
		}
	})
}

// An order is believed to ring where the page is open: the page that a worker reads to send in the background is none.
func TestOnlyAnOpenPageCountsAsThere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		there := func() bool {
			t.Helper()
			phones, err := h.crews.Phones(h.officer)
			h.must(err)
			if len(phones) != 1 {
				t.Fatalf("%d phones", len(phones))
			}
			return phones[0].Seen != nil
		}
		known := field.Heard{News: h.news()} // Open, as the worker does
		if there() {
			t.Error("a page that is read in the background counts as open")
		}
		ctx, cancel := context.WithCancel(t.Context())
		waits := h.listens(ctx, known)
		if !there() {
			t.Error("a page that listens does not count as open")
		}
		cancel()
		<-waits
	})
}

// Every look costs a phone data: what no page shows wakes none, what may bring somebody a task wakes them, whichever
// incident their link is of.
func TestAPhoneIsWokenForWhatItShowsOnly(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	ctx, cancel := context.WithCancel(t.Context())
	waits := h.listens(ctx, field.Heard{News: h.news()})
	about := func(id string) response.Trace { return response.Trace{IncidentID: id} }
	for kind, want := range map[string]int{
		response.EventCommand: 0, response.EventProposed: 0, response.EventDeclined: 0, response.EventReportLate: 0, response.EventLink: 0,
		response.EventStarted: 1, response.EventEmergency: 1, response.EventLevel: 1, response.EventEnded: 1, response.EventSeat: 1, response.EventOrdered: 1, response.EventGroup: 1,
	} {
		for _, id := range []string{h.incident.ID, "another"} {
			if got := h.Wakes(event.Event{Kind: kind, Data: about(id)}); got != want {
				t.Errorf("%s of incident %s wakes %d, want %d", kind, id, got, want)
			}
		}
	}
	cancel()
	<-waits
}

// What a phone itself says of a message is no news to it, and what happens to others is none either.
func TestAPhoneIsNotWokenByItself(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		sent, err := h.crews.Send(h.officer, crew.Draft{Key: "k", Targets: []string{h.link.Link.Stream}, Text: "转移", Minutes: 60, Confirm: true})
		h.must(err)
		before := h.news()
		for _, state := range []string{wire.CrewDelivered, wire.CrewShown, wire.CrewConfirmed} {
			now := sent[0].At.Add(1)
			_, err := h.crews.FromPhone(t.Context(), h.link.Token, h.link.Link.Stream, crew.PhoneReceipt{Message: sent[0].ID, State: state, At: now, SentAt: now})
			h.must(err)
		}
		if after := h.news(); after != before {
			t.Error("its own answer is news to it")
		}
	})
}

// A link has a few questions at once; one more takes the place of the oldest, which is answered.
func TestQuestionsOfALinkAreBounded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, cancel := context.WithCancel(t.Context())
		known := field.Heard{News: h.news()}
		var all []<-chan answer
		for range 4 {
			all = append(all, h.listens(ctx, known))
		}
		for i := range 3 {
			go func() { _, _ = h.Listen(ctx, h.link.Token, h.link.Link.Stream, known) }()
			if got := <-all[i]; got.err != nil || got.Heard != known {
				t.Errorf("question %d was told %+v", i, got)
			}
		}
		if n := h.Waiting(); n != 4 {
			t.Errorf("%d questions wait, want 4", n)
		}
		cancel()
		if got := <-all[3]; got.err != nil || got.Heard != known {
			t.Errorf("the end answers %+v", got)
		}
	})
}
