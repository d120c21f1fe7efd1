package crew_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// link gives a phone a link to send by.
func (s *scene) link(title string) video.Shared {
	s.t.Helper()
	l, err := s.pictures.Share(s.officer, video.LinkDraft{Action: video.Publish, Title: title, Division: "320623", Hours: 8})
	s.must(err)
	return l
}

func (s *scene) told(l video.Shared, r crew.PhoneReceipt) (crew.PhoneMessage, error) {
	return s.FromPhone(s.t.Context(), l.Token, l.Link.Stream, r)
}

// ago is a receipt of something that happened a while ago, by a clock that is a year wrong.
func ago(id, state string, d time.Duration) crew.PhoneReceipt {
	wrong := time.Now().AddDate(-1, 0, 0)
	return crew.PhoneReceipt{Message: id, State: state, At: wrong.Add(-d), SentAt: wrong}
}

func TestAPhoneFetchesItsMessageAndAnswersLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScene(t, db)
		s.run()
		l := s.link("抢险一队手机")
		flat := picture(t, 96, 54)
		s.frozen = map[string][]byte{"raw": picture(t, 192, 108), "flat": flat}
		d := s.draft("k1")
		d.Targets = []string{l.Link.Stream, "edge"}
		d.Frozen = &crew.Frozen{Original: "raw", Flat: "flat", Shapes: []crew.Shape{{Kind: "arrow", Colour: "red", Points: [][]float64{{0, 0}, {0.5, 0.5}}}}}
		list, err := s.Send(s.officer, d)
		s.must(err)
		var m crew.Message
		for _, one := range list {
			if one.Target == l.Link.Stream {
				m = one
			}
		}
		if len(list) != 2 || m.Kind != crew.Phone || m.Name != "抢险一队手机" {
			t.Fatalf("sent %+v", list)
		}
		if phones, err := s.Phones(s.officer); err != nil || len(phones) != 1 || phones[0].ID != m.Target || phones[0].Seen != nil {
			t.Fatalf("phones %+v, %v", phones, err)
		}
		got, err := s.ForPhone(t.Context(), l.Token, l.Link.Stream)
		s.must(err)
		if len(got) != 1 || got[0].ID != m.ID || got[0].Text != "转移三组群众" || got[0].State != crew.Sent || got[0].Picture != len(flat) || !strings.Contains(got[0].From, "周岚") {
			t.Fatalf("the phone gets %+v", got)
		}
		if p, err := s.PhonePicture(t.Context(), l.Token, l.Link.Stream, m.ID); err != nil || !bytes.Equal(p, flat) {
			t.Errorf("picture of %d bytes, %v", len(p), err)
		}
		if phones, err := s.Phones(s.officer); err != nil || len(phones) != 1 || phones[0].Seen == nil {
			t.Errorf("its page has asked: %+v, %v", phones, err)
		}
		for _, r := range []crew.PhoneReceipt{ago(m.ID, wire.CrewDelivered, 0), ago(m.ID, wire.CrewShown, 0), ago(m.ID, wire.CrewConfirmed, 0), ago(m.ID, wire.CrewConfirmed, 0), ago(m.ID, wire.CrewShown, 0)} {
			if _, err := s.told(l, r); err != nil {
				t.Errorf("%s: %v", r.State, err)
			}
		}
		now, err := s.Drawing(s.officer, m.ID)
		s.must(err)
		all, err := s.List(s.officer, crew.Filter{Target: m.Target})
		s.must(err)
		if len(all) != 1 || all[0].State != crew.Confirmed || all[0].EndedBy != "phone" || all[0].ShownBy != "phone" || all[0].DeliveredAt == nil || len(now.Shapes) != 1 {
			t.Errorf("in the end %+v", all)
		}
		if n := strings.Count(s.lines(), "confirmed 抢险一队手机"); n != 1 {
			t.Errorf("timeline: %s", s.lines())
		}
	})
}

// TestAnAnswerWithoutANetCountsWhenItWasGiven and not when it comes: a message that has expired meanwhile was confirmed.
func TestAnAnswerWithoutANetCountsWhenItWasGiven(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScene(t, db)
		l := s.link("手机")
		kept := store.NewCrews(db)
		sent := event.Stamp(time.Now().Add(-5 * time.Hour))
		old := func(id string) crew.Message {
			until := sent.Add(time.Hour)
			return crew.Message{
				ID: id, Target: l.Link.Stream, Kind: crew.Phone, Name: "手机", Division: "320623", Text: "转移", Confirm: true, Author: "u", At: sent, Until: until, State: crew.Expired, EndedAt: &until, Version: 1,
			}
		}
		s.must(kept.Save(t.Context(), old("within"), false, 0))
		s.must(kept.Save(t.Context(), old("after"), false, 0))
		_, err := s.told(l, ago("within", wire.CrewConfirmed, 4*time.Hour+30*time.Minute))
		s.must(err)
		_, err = s.told(l, ago("after", wire.CrewConfirmed, time.Hour))
		s.must(err)
		within, err := kept.Message(t.Context(), "within")
		s.must(err)
		after, err := kept.Message(t.Context(), "after")
		s.must(err)
		if within.State != crew.Confirmed || within.EndedAt.Sub(sent.Add(30*time.Minute)).Abs() > time.Minute || after.State != crew.Expired {
			t.Errorf("within its time %+v, after it %+v", within, after)
		}
	})
}

func TestAPhoneIsToldAndTellsOnlyWhatIsItsOwn(t *testing.T) {
	s := newScene(t, storetest.SQLite(t))
	mine, other := s.link("甲"), s.link("乙")
	d := s.draft("k")
	d.Targets, d.Incident = []string{mine.Link.Stream}, ""
	list, err := s.Send(s.officer, d)
	s.must(err)
	id := list[0].ID
	watch, err := s.pictures.Share(s.officer, video.LinkDraft{Action: video.Watch, Title: "看", Stream: mine.Link.Stream, Hours: 8})
	s.must(err)
	if got, err := s.ForPhone(t.Context(), other.Token, other.Link.Stream); err != nil || len(got) != 0 {
		t.Errorf("another phone gets %+v, %v", got, err)
	}
	for name, c := range map[string]struct {
		token, stream string
		r             crew.PhoneReceipt
		want          errs.Kind
	}{
		"another phone":   {other.Token, other.Link.Stream, ago(id, wire.CrewConfirmed, 0), errs.NotFound},
		"another's token": {other.Token, mine.Link.Stream, ago(id, wire.CrewConfirmed, 0), errs.Denied},
		"to watch":        {watch.Token, mine.Link.Stream, ago(id, wire.CrewConfirmed, 0), errs.Denied},
		"no token":        {"", mine.Link.Stream, ago(id, wire.CrewConfirmed, 0), errs.Unauthenticated},
		"no message":      {mine.Token, mine.Link.Stream, ago("none", wire.CrewConfirmed, 0), errs.NotFound},
		"no state":        {mine.Token, mine.Link.Stream, ago(id, wire.CrewMissing, 0), errs.Invalid},
		"bells":           {mine.Token, mine.Link.Stream, crew.PhoneReceipt{Message: id, State: wire.CrewRefused, Why: "a\x07"}, errs.Invalid},
	} {
		if _, err := s.FromPhone(t.Context(), c.token, c.stream, c.r); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if _, err := s.PhonePicture(t.Context(), c.token, c.stream, id); err == nil {
			t.Errorf("%s gets a picture that is not there", name)
		}
	}
	if m := s.list(mine.Link.Stream); m[0].State != crew.Sent {
		t.Errorf("it is %s", m[0].State)
	}
	// One that has ended, or whose author may not see it any more, tells nothing; nothing is sent to it either.
	s.must(s.pictures.EndLink(s.officer, mine.Link.ID, false))
	if _, err := s.ForPhone(t.Context(), mine.Token, mine.Link.Stream); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("an ended link: %v", err)
	}
	d.Key = "k2"
	if _, err := s.Send(s.officer, d); errs.KindOf(err) != errs.NotFound {
		t.Errorf("sent to an ended link: %v", err)
	}
	if _, err := s.Phones(s.outside); err != nil {
		t.Errorf("another county: %v", err)
	} else if phones, _ := s.Phones(s.outside); len(phones) != 0 {
		t.Errorf("another county sees %+v", phones)
	}
}

func (s *scene) list(target string) []crew.Message {
	s.t.Helper()
	list, err := s.List(s.officer, crew.Filter{Target: target})
	s.must(err)
	return list
}

func TestAWithdrawnMessageIsShownAsSuch(t *testing.T) {
	s := newScene(t, storetest.SQLite(t))
	l := s.link("手机")
	d := s.draft("k")
	d.Targets, d.Incident = []string{l.Link.Stream}, ""
	list, err := s.Send(s.officer, d)
	s.must(err)
	_, err = s.Withdraw(s.officer, list[0].ID)
	s.must(err)
	got, err := s.ForPhone(t.Context(), l.Token, l.Link.Stream)
	s.must(err)
	if len(got) != 1 || got[0].State != crew.Withdrawn {
		t.Errorf("got %+v", got)
	}
	if m, err := s.told(l, ago(list[0].ID, wire.CrewConfirmed, 0)); err != nil || m.State != crew.Withdrawn {
		t.Errorf("confirmed after all: %+v, %v", m, err)
	}
}
