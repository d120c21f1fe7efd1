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

// said are the records of deletions.
func (h *house) said() (out []audit.Entry) {
	h.t.Helper()
	trail, err := store.NewAudit(h.db).List(h.t.Context(), actor.Everything, audit.Query{})
	h.must(err)
	for _, e := range trail.Items {
		if e.Kind == field.EventForgotten {
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
		if len(h.said()) != 0 {
			t.Error("what is held was told as deleted")
		}
		h.held = nil
		h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, false)) // a link that has ended keeps nothing longer
		sweep(1)
		sweep(1)
		// A place is two values, longitude and latitude.
		if s := h.said(); len(s) != 1 || !strings.Contains(string(s[0].Data), `"values":2`) || strings.Contains(string(s[0].Data), stream) {
			t.Errorf("the record says %+v", s)
		}
	})
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
