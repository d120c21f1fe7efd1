package handover

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Proof is how somebody shows who they are again. Only "password" is known so far; a second factor is another
// How. Username names a second person at the same screen.
type Proof struct {
	How      string
	Secret   string
	Username string
}

// signer proves who signs: the actor, or the second person at the screen.
func (s *Service) signer(ctx context.Context, p Proof, o account.Org) (actor.Actor, error) {
	if p.How != "" && p.How != "password" {
		return actor.Actor{}, errs.Field("handover.proof", "how", "only password is known")
	}
	a, _ := actor.From(ctx)
	if p.Username == "" {
		return a, s.Accounts.Confirm(ctx, p.Secret)
	}
	second, err := s.Accounts.Cosign(ctx, o.ID, p.Username, p.Secret)
	if err != nil {
		return a, err
	}
	if !second.Can(actor.DutyLog) {
		return a, errs.Field("handover.not_of_desk", "username", "may not keep the log of this desk")
	}
	return second, nil
}

// signature makes one, and says which duty person it is of. Whoever the roster does not expect, or not yet,
// says why.
func (s *Service) signature(ctx context.Context, a actor.Actor, expected, later duty.Spell, reason string) (Signature, string, error) {
	sig := Signature{UserID: a.ID, Name: a.Name, At: stamp(), How: "password", Reason: strings.TrimSpace(reason)}
	p, err := s.Roster.PersonOf(actor.WithSystem(ctx, "handover"), a.ID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return sig, "", err
	}
	sig.Rostered = err == nil && expected.Holds(p.ID)
	if !errs.Line(sig.Reason, maxReason) {
		return sig, "", errs.Field("handover.reason", "reason", "at most 200 characters on one line")
	}
	switch {
	case sig.Rostered || len(expected.People) == 0 || sig.Reason != "":
	case later.Holds(p.ID):
		return sig, "", errs.Field("handover.early", "reason", "the hand-off is later; say why it is taken over now")
	default:
		return sig, "", errs.Field("handover.unrostered", "reason", "the roster names "+strings.Join(expected.Names, ", ")+"; say why it is somebody else")
	}
	return sig, p.ID, nil
}

// Seen is the shift that whoever signs has before them: its id, and its version then.
type Seen struct {
	Shift   string
	Version int
}

// check refuses a signature under another shift than the one that was seen, or under one that was signed meanwhile.
func (v Seen) check(sh Shift) error {
	switch {
	case sh.ID == "":
		return errs.E(errs.Conflict, "handover.none", "no shift is open; open the log first")
	case sh.ID != v.Shift:
		return errs.E(errs.Conflict, "handover.passed_on", "the shift that you saw was handed over meanwhile; look at the one that is open now")
	case sh.Version != v.Version:
		return errs.E(errs.Conflict, "handover.signed", "the shift was signed meanwhile; look at the signature and the note, then sign again")
	}
	return nil
}

// Leaves is what the outgoing officer signs.
type Leaves struct {
	Seen   Seen
	Proof  Proof
	Note   string
	Reason string
}

// Leave signs the outgoing half of a handover. Duty goes on until somebody takes over. Who has signed may sign
// again, and the note of before goes into the log; nobody takes the place of another's signature.
func (s *Service) Leave(ctx context.Context, l Leaves) (Shift, error) {
	_, o, err := s.own(ctx)
	if err != nil {
		return Shift{}, err
	}
	l.Note = strings.TrimSpace(l.Note)
	if !errs.Text(l.Note, maxText) {
		return Shift{}, errs.Field("handover.text", "note", "at most 4000 characters")
	}
	who, err := s.signer(ctx, l.Proof, o)
	if err != nil {
		return Shift{}, err
	}
	var out Shift
	err = s.change(ctx, o, func(ctx context.Context, sh *Shift, note noter) error {
		if err := l.Seen.check(*sh); err != nil {
			return err
		}
		if sh.Out != nil && sh.Out.UserID != who.ID {
			return errs.E(errs.Conflict, "handover.left", "%s has signed already; take the shift over, or let %s sign again", sh.Out.Name, sh.Out.Name)
		}
		now, _, err := s.spells(ctx, o.ID, sh.OpenedAt)
		if err != nil {
			return err
		}
		if slices.Contains(sh.Officers, who.Name) {
			now = duty.Spell{} // whoever signed on signs off
		}
		sig, _, err := s.signature(ctx, who, now, duty.Spell{}, l.Reason)
		if err != nil {
			return err
		}
		sig.Rostered = sig.Rostered || now.To.IsZero()
		if err := s.keepNote(ctx, *sh, l.Note); err != nil {
			return err
		}
		sh.State, sh.Out, sh.Note = Leaving, &sig, l.Note
		sh.Version++
		note(ctx, EventLeft, sh.ID, trace{No: sh.No, From: sig.Name})
		out = *sh
		return s.Store.SaveShift(ctx, *sh)
	})
	return out, err
}

// keepNote writes the note of an earlier signature into the log before another takes its place.
func (s *Service) keepNote(ctx context.Context, sh Shift, note string) error {
	if sh.Out == nil || sh.Note == "" || sh.Note == note {
		return nil
	}
	_, err := s.Store.AddEntry(ctx, Entry{
		ID: newID(), OrgID: sh.OrgID, ShiftID: sh.ID, Kind: Note, At: sh.Out.At, WrittenAt: stamp(), By: sh.Out.UserID, ByName: sh.Out.Name, Text: sh.Note,
		Source: fmt.Sprintf("note %s %d", sh.ID, sh.Version),
	})
	return err
}

// Takes is what the incoming officer signs. Absent is why there is no outgoing signature. Owners gives items
// without one to somebody, by their ids. Instead is the officer of the roster in whose place somebody signs whom it
// does not name: left out, it is who has signed the other half, or the only one.
type Takes struct {
	Seen    Seen
	Proof   Proof
	Reason  string
	Absent  string
	Owners  map[string]string
	Instead string
}

// Take signs the incoming half: the shift is closed with what was open, what its officers had passes on, and
// the next shift begins. The clock of the handover is met. Whoever signs is on post: somebody whom the roster does not
// name then takes the running shift over (duty.Takeover) for the reason that was given.
func (s *Service) Take(ctx context.Context, t Takes) (Shift, error) {
	_, o, err := s.own(ctx)
	if err != nil {
		return Shift{}, err
	}
	t.Absent = strings.TrimSpace(t.Absent)
	if !errs.Line(t.Absent, maxReason) {
		return Shift{}, errs.Field("handover.reason", "absent", "at most 200 characters on one line")
	}
	who, err := s.signer(ctx, t.Proof, o)
	if err != nil {
		return Shift{}, err
	}
	var out Shift
	err = s.change(ctx, o, func(ctx context.Context, sh *Shift, note noter) error {
		if err := t.Seen.check(*sh); err != nil {
			return err
		}
		switch {
		case sh.Out == nil && t.Absent == "":
			return errs.E(errs.Conflict, "handover.unsigned", "the outgoing officer has not signed; say why, if nobody is there to sign")
		case sh.Out != nil && sh.Out.UserID == who.ID && strings.TrimSpace(t.Reason) == "":
			return errs.Field("handover.same", "reason", "the same person signs both halves; say why nobody else takes over")
		}
		at := stamp()
		_, expected, err := s.due(ctx, o.ID, at, true, "")
		if err != nil {
			return err
		}
		_, next, err := s.spells(ctx, o.ID, at)
		if err != nil {
			return err
		}
		sig, taker, err := s.signature(ctx, who, expected, next, t.Reason)
		if err != nil {
			return err
		}
		if err := s.post(ctx, o, *sh, sig, taker, t.Instead, expected, note); err != nil {
			return err
		}
		if sh.Passed, err = s.pass(ctx, o, *sh, sig, t.Owners, note); err != nil {
			return err
		}
		sh.State, sh.In, sh.ClosedAt, sh.Absent = Closed, &sig, &sig.At, ""
		sh.Version++
		if sh.Out == nil {
			sh.Absent = t.Absent
		}
		if err := s.Store.SaveShift(ctx, *sh); err != nil {
			return err
		}
		if err := s.Clocks.End(ctx, deadline.Owner{Kind: OwnerKind, ID: sh.ID}, "handover", deadline.Met); err != nil {
			return err
		}
		from := ""
		if sh.Out != nil {
			from = sh.Out.Name
		}
		note(ctx, EventTaken, sh.ID, trace{No: sh.No, From: from, To: sig.Name})
		out, err = s.open(ctx, o, sig.Name, true, taker)
		return err
	})
	return out, err
}

// post puts who took over on post, where the roster has somebody else or nobody.
func (s *Service) post(ctx context.Context, o account.Org, sh Shift, sig Signature, taker, instead string, expected duty.Spell, note noter) error {
	if sig.Rostered || taker == "" || expected.To.IsZero() {
		return nil
	}
	system := actor.WithSystem(ctx, "handover")
	if instead == "" && sh.Out != nil {
		if p, err := s.Roster.PersonOf(system, sh.Out.UserID); err == nil {
			instead = p.ID
		}
	}
	at := sig.At
	if at.Before(expected.From) {
		at = expected.From
	}
	reason := sig.Reason
	if reason == "" {
		reason = "接班签字"
	}
	t, done, err := s.Roster.Relieve(system, duty.Relief{OrgID: o.ID, From: instead, To: taker, Reason: reason, ByName: sig.Name, At: at})
	if err != nil || !done {
		return err
	}
	note(ctx, duty.EventTakeover, t.ID, t)
	return nil
}

// pass gives the items of the outgoing officer to the incoming one, and those without an owner to whom the
// incoming officer has named. Nothing passes on that nobody has.
func (s *Service) pass(ctx context.Context, o account.Org, sh Shift, in Signature, owners map[string]string, note noter) ([]Item, error) {
	items, err := s.Store.OpenItems(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	system := actor.WithSystem(ctx, "handover")
	leaver := ""
	if sh.Out != nil {
		if p, err := s.Roster.PersonOf(system, sh.Out.UserID); err == nil {
			leaver = p.ID
		}
	}
	taker, err := s.Roster.PersonOf(system, in.UserID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return nil, err
	}
	passed := []Item{}
	for _, i := range items {
		to := owners[i.ID]
		if to == "" && leaver != "" && i.OwnerID == leaver && taker.OrgID == o.ID {
			to = taker.ID
		}
		if to != "" && to != i.OwnerID {
			was, from := i.Version, i.OwnerName
			if i.OwnerID, i.OwnerName, err = s.owner(ctx, o, to); err != nil {
				return nil, err
			}
			i.Version++
			if err := s.Store.SaveItem(ctx, i, was); err != nil {
				return nil, err
			}
			if err := s.step(ctx, i, in.Name, "owned", i.OwnerName); err != nil {
				return nil, err
			}
			note(ctx, EventItem, i.ID, trace{From: from, To: i.OwnerName})
		}
		passed = append(passed, i)
	}
	if list := ownerless(passed); len(list) > 0 {
		e := errs.E(errs.Conflict, "handover.ownerless", "%d open items have no owner: %s", len(list), strings.Join(list, "; "))
		return nil, e
	}
	return passed, nil
}
