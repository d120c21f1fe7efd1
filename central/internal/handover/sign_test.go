package handover_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A signature is under the shift that was seen: what was signed or handed over meanwhile is a conflict.
func TestASignatureIsUnderWhatWasSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		now, next := r.on()
		out, in, third := r.users[now], r.users[next], r.users[3-now-next]
		_, err := r.Open(out)
		r.must(err)
		opened := r.seen()
		proof := handover.Proof{Secret: password}
		_, err = r.Leave(out, handover.Leaves{Seen: opened, Proof: proof, Note: "码头有异味"})
		r.must(err)
		if _, err := r.Leave(out, handover.Leaves{Seen: opened, Proof: proof, Note: "又一次"}); code(err) != "handover.signed" {
			t.Errorf("signing what was signed meanwhile: %v", err)
		}
		if _, err := r.Take(in, handover.Takes{Seen: opened, Proof: proof}); code(err) != "handover.signed" {
			t.Errorf("taking over without having seen the note: %v", err)
		}
		if _, err := r.Leave(third, handover.Leaves{Seen: r.seen(), Proof: proof, Note: "我来签", Reason: "顺便"}); code(err) != "handover.left" {
			t.Errorf("signing over another's signature: %v", err)
		}
		again, err := r.Leave(out, handover.Leaves{Seen: r.seen(), Proof: proof, Note: "码头已处置"})
		if err != nil || again.Note != "码头已处置" || again.Version != 2 {
			t.Fatalf("signing again: %+v, %v", again, err)
		}
		rec, err := r.Record(out, again.ID)
		if err != nil || len(rec.Entries) != 1 || rec.Entries[0].Text != "码头有异味" || rec.Entries[0].ByName != again.Out.Name {
			t.Errorf("the note of before is kept: %+v, %v", rec.Entries, err)
		}
		seen := r.seen()
		second, err := r.Take(in, handover.Takes{Seen: seen, Proof: proof})
		r.must(err)
		if _, err := r.Take(third, handover.Takes{Seen: seen, Proof: proof, Reason: "替班", Absent: "x"}); code(err) != "handover.passed_on" {
			t.Errorf("taking over what was taken over: %v", err)
		}
		if _, err := r.Leave(out, handover.Leaves{Seen: seen, Proof: proof}); code(err) != "handover.passed_on" {
			t.Errorf("signing off the next officer's shift: %v", err)
		}
		if d, err := r.Desk(out, ""); err != nil || d.Shift.ID != second.ID || d.Shift.State != handover.Open {
			t.Errorf("the shift that runs: %+v, %v", d.Shift, err)
		}
	})
}

// Who signs is on post: the roster's officer is relieved in the same step, with the reason, and only then.
func TestWhoSignsIsOnPost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		now, next := r.on()
		third := 3 - now - next
		proof := handover.Proof{Secret: password}
		_, err := r.Open(r.users[now])
		r.must(err)
		holds := func(at time.Time) string {
			t.Helper()
			s, err := r.roster.SpellAt(r.system, r.county.ID, at)
			r.must(err)
			return strings.Join(s.Names, ",")
		}
		d, err := r.Desk(r.users[now], "")
		r.must(err)
		coming := d.Now.To.Add(time.Minute)
		_, err = r.Leave(r.users[now], handover.Leaves{Seen: r.seen(), Proof: proof})
		r.must(err)
		if _, err := r.Take(r.users[third], handover.Takes{Seen: r.seen(), Proof: proof}); code(err) != "handover.unrostered" || holds(coming) != r.people[next].Name {
			t.Fatalf("without a reason: %v, and %s", err, holds(coming))
		}
		taken, err := r.Take(r.users[third], handover.Takes{Seen: r.seen(), Proof: proof, Reason: "替班"})
		r.must(err)
		if holds(coming) != r.people[third].Name || taken.TakerID != r.people[third].ID {
			t.Errorf("the next shift is of %s", holds(coming))
		}
		if list, err := r.trail.List(r.system, audit.Query{Kind: duty.EventTakeover}); err != nil || len(list.Items) != 1 {
			t.Errorf("the trail: %+v, %v", list.Items, err)
		}
		// Handed back by the same door, and then nobody is relieved who is on post already.
		_, err = r.Leave(r.users[third], handover.Leaves{Seen: r.seen(), Proof: proof})
		r.must(err)
		_, err = r.Take(r.users[third], handover.Takes{Seen: r.seen(), Proof: proof, Reason: "无人接班"})
		r.must(err)
		if list, err := r.trail.List(r.system, audit.Query{Kind: duty.EventTakeover}); err != nil || len(list.Items) != 1 {
			t.Errorf("relieved by oneself: %+v, %v", list.Items, err)
		}
	})
}

// Whoever guesses at the signature of another at their screen stops nobody but themselves, and learns nothing of who is
// at other desks.
func TestGuessingAtASignatureStopsOnlyWhoGuesses(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	now, next := r.on()
	out := r.users[now]
	_, err := r.Open(out)
	r.must(err)
	_, err = r.Leave(out, handover.Leaves{Seen: r.seen(), Proof: handover.Proof{Secret: password}})
	r.must(err)
	city := r.user("市", r.city, account.RoleDuty)
	names := []string{"ujia", "uyi", "ubing"}
	for _, name := range []string{names[next], "ushi", "nobody"} {
		guess := func(secret string) string {
			_, err := r.Take(out, handover.Takes{Seen: r.seen(), Proof: handover.Proof{Username: name, Secret: secret}, Reason: "替班"})
			return code(err)
		}
		if name != names[next] {
			if got := guess(password); got != "account.wrong_cosignature" { // also the right one of another desk
				t.Errorf("%s of another desk: %s", name, got)
			}
		}
		for range account.LockAfter {
			guess("wrong")
		}
		if got := guess("wrong"); got != "account.locked" {
			t.Errorf("%s after so many: %s", name, got)
		}
	}
	if err := r.accounts.Confirm(city, password); err != nil {
		t.Errorf("the city signs: %v", err)
	}
	if err := r.accounts.Confirm(r.users[next], "wrong"); errs.KindOf(err) != errs.Invalid {
		t.Errorf("who was guessed at mistypes once: %v", err)
	}
	_, err = r.Take(r.users[next], handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password}})
	r.must(err)
}
