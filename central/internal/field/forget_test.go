package field_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/store"
)

// tell keeps where the phone was so long ago.
func (h *house) tell(ago time.Duration) {
	h.t.Helper()
	n, err := h.Service.Keep(h.t.Context(), h.link.Token, h.link.Link.Stream, []field.Fix{{At: time.Now().Add(-ago), Lon: 121, Lat: 32}})
	if err != nil || n != 1 {
		h.t.Fatalf("%d %v", n, err)
	}
}

// said are the records of a kind.
func (h *house) said(kind string) (out []audit.Entry) {
	h.t.Helper()
	trail, err := store.NewAudit(h.db).List(h.t.Context(), actor.Everything, audit.Query{})
	h.must(err)
	for _, e := range trail.Items {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

func TestPlacesAreDeletedAfterTheirTermAndTheRecordSaysHowMany(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.made(time.Now().Add(-7*24*time.Hour), time.Now().Add(time.Hour))
		stream := h.link.Link.Stream
		sweep := func(want int64) {
			t.Helper()
			h.must(h.Sweep(t.Context(), time.Now()))
			if n := h.places(stream); n != want {
				t.Errorf("%d places are left, want %d", n, want)
			}
		}
		h.tell(100 * time.Hour)
		h.tell(time.Hour)
		if n := h.places(stream); n != 2 {
			t.Fatalf("%d places are kept", n)
		}
		sweep(2) // without a term of their own they stay
		h.PlaceDays = 2
		h.held = map[string]bool{stream: true}
		sweep(2)
		if len(h.said(field.EventForgotten)) != 0 {
			t.Error("what is held was told as deleted")
		}
		h.held = nil
		h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, false)) // a link that has ended keeps nothing longer
		sweep(1)
		sweep(1)
		// A place is two values, longitude and latitude.
		if s := h.said(field.EventForgotten); len(s) != 1 || !strings.Contains(string(s[0].Data), `"values":2`) || strings.Contains(string(s[0].Data), stream) {
			t.Errorf("the record says %+v", s)
		}
		if s := h.said(field.EventForgetting); len(s) != 1 || !strings.Contains(string(s[0].Data), `"values":2`) || !strings.Contains(string(s[0].Data), stream) {
			t.Errorf("the record said before %+v", s)
		}
	})
}

// Wherever the centre dies in a deletion, no place goes without a record that was there before, and the next sweep
// finishes it and says so, once.
func TestADeletionThatDiesIsOnRecordAndIsFinished(t *testing.T) {
	for _, c := range []struct {
		step            string
		announced, left int64  // when it died
		then            string // told by the next sweep
	}{
		{"before it is announced", 0, 2, `"values":2}`},
		{"announced", 1, 2, `"resumed":true,"values":2}`},
		{"deleted", 1, 1, `"resumed":true,"values":0}`},
	} {
		t.Run(c.step, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				h.made(time.Now().Add(-7*24*time.Hour), time.Now().Add(time.Hour))
				stream := h.link.Link.Stream
				h.PlaceDays = 2
				h.tell(100 * time.Hour)
				h.tell(time.Hour)
				if n := h.places(stream); n != 2 {
					t.Fatalf("%d places are kept", n)
				}
				h.dies = c.step
				dead := make(chan struct{})
				go func() {
					defer close(dead)
					err := h.Sweep(t.Context(), time.Now())
					t.Errorf("it lived on: %v", err)
				}()
				<-dead
				h.dies = ""
				if n := h.places(stream); n != c.left {
					t.Errorf("%d places are left of the death, want %d", n, c.left)
				}
				if a, f := h.said(field.EventForgetting), h.said(field.EventForgotten); int64(len(a)) != c.announced || len(f) != 0 {
					t.Errorf("on record: %+v, %+v", a, f)
				}
				for range 2 {
					h.must(h.Sweep(t.Context(), time.Now()))
					if n := h.places(stream); n != 1 {
						t.Errorf("%d places are left, want 1", n)
					}
					if a, f := h.said(field.EventForgetting), h.said(field.EventForgotten); len(a) != 1 || len(f) != 1 || !strings.HasSuffix(string(f[0].Data), c.then) {
						t.Errorf("%d announced, told %+v, want %s", len(a), f, c.then)
					}
				}
			})
		})
	}
}

// With another server that keeps the readings the phone is promised no term of its own, and is looked at again: what is
// forgotten here are newest values only.
func TestWithReadingsElsewhereAPhoneIsPromisedNoTermOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.PlaceDays = 30
		l := h.link.Link
		l.ID, l.Stream, l.CreatedAt = "0196-old", "phone-old", time.Now().AddDate(0, 0, -60)
		l.ExpiresAt = l.CreatedAt.AddDate(0, 0, 7)
		h.must(h.links.AddVideoLink(t.Context(), l))
		days := func(want int) {
			t.Helper()
			p, err := h.Open(t.Context(), h.link.Token, h.link.Link.Stream)
			if err != nil || p.KeepDays != want {
				t.Errorf("the phone is told %d days, want %d: %v", p.KeepDays, want, err)
			}
		}
		days(30)
		h.Elsewhere = true
		days(0)
		for range 2 {
			h.asked = nil
			h.must(h.Sweep(t.Context(), time.Now()))
			if !slices.Equal(h.asked, []int{1}) {
				t.Errorf("asked to forget %v", h.asked)
			}
		}
	})
}

// Cost: phones are forgotten a few at once, and one of which nothing can be left is not looked at again.
func TestPhonesAreForgottenAFewAtOnceAndOnlyOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.PlaceDays = 30
		for i := range 120 {
			l := h.link.Link
			l.ID, l.Stream = fmt.Sprintf("0196-%03d", i), fmt.Sprintf("phone-%03d", i)
			l.CreatedAt = time.Now().AddDate(0, 0, -60)
			l.ExpiresAt = l.CreatedAt.AddDate(0, 0, 7)
			if i == 0 {
				l.ExpiresAt = time.Now().Add(time.Hour)
			}
			h.must(h.links.AddVideoLink(t.Context(), l))
		}
		for _, want := range [][]int{{50, 50, 20}, {1}, {1}} {
			h.asked = nil
			h.must(h.Sweep(t.Context(), time.Now()))
			if !slices.Equal(h.asked, want) {
				t.Errorf("phones were forgotten %v at once, want %v", h.asked, want)
			}
		}
	})
}
