package modbus

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// refusals are what a Reader has refused beside its answers.
type refusals struct {
	mu   sync.Mutex
	list []*driver.Fault
}

func (r *refusals) context(ctx context.Context) context.Context {
	return driver.WithRefused(ctx, func(f *driver.Fault) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.list = append(r.list, f)
	})
}

func (r *refusals) want(t *testing.T, what string, kind driver.Kind, raw string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) != 1 || r.list[0].Kind != kind || !bytes.Equal(r.list[0].Raw, bin(t, raw)) {
		t.Errorf("%s: refused %+v, want one %s with % s", what, r.list, kind, raw)
	}
	r.list = nil
}

func (r *refusals) none(t *testing.T, what string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) != 0 {
		t.Errorf("%s: refused %+v", what, r.list)
	}
}

func TestAnswersThatComeTwiceOrLateAreCountedAtWhoSentThem(t *testing.T) {
	w, port := cable(t)
	hub := New()
	var read [2]driver.Reader
	var seen [2]refusals
	for i := range read {
		d, err := hub.Open(driver.Options{ID: "g", Address: port, Unit: uint8(i + 1), Profile: gauge()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		read[i] = d.(driver.Reader)
	}
	ask := func(unit int, want error) {
		t.Helper()
		if _, err := read[unit-1].Read(seen[unit-1].context(t.Context())); !errors.Is(err, want) {
			t.Fatalf("unit %d: %v, want %v", unit, err, want)
		}
	}
	w.set(t, askTwo, twoSay)
	// Twice within one breath, and noise of a line that turns round.
	w.set(t, askOne, oneSay+oneSay+"00 FF")
	ask(1, nil)
	w.set(t, askOne, oneSay)
	ask(1, nil)
	seen[0].want(t, "twice at once", driver.KindDuplicate, oneSay)
	// Twice with a pause, while another is asked next.
	if _, err := w.end.Write(bin(t, oneSay)); err != nil {
		t.Fatal(err)
	}
	ask(2, nil)
	seen[0].want(t, "twice, found in the turn of another", driver.KindDuplicate, oneSay)
	seen[1].none(t, "who was asked meanwhile")
	// Late: the same bytes as an answer before, after a question that had none.
	w.set(t, askOne, "")
	ask(1, driver.ErrTimeout)
	w.set(t, askOne, oneSay)
	if _, err := w.end.Write(bin(t, oneSay)); err != nil {
		t.Fatal(err)
	}
	ask(1, nil)
	seen[0].want(t, "late", driver.KindLate, oneSay)
	// Bytes that are no frame, unasked for.
	if _, err := w.end.Write(bin(t, "DE AD BE EF 00")); err != nil {
		t.Fatal(err)
	}
	ask(2, nil)
	seen[1].want(t, "noise", driver.KindMalformed, "DE AD BE EF 00")
	// The rest of a damaged answer was counted with it.
	w.set(t, askOne, "01 03 02 019C 0000 11 22 33 44 55 66")
	ask(1, driver.ErrMalformed)
	w.set(t, askOne, oneSay)
	ask(1, nil)
	seen[0].none(t, "the rest of a damaged answer")
}

func TestWhatFollowsAnAnswerOverTCPIsCounted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		request := make([]byte, 12)
		for {
			if _, err := c.Read(request); err != nil {
				return
			}
			answer := append(append([]byte{}, request[:4]...), 0, 5, 1, 3, 2, 1, 0x9C)
			if _, err := c.Write(append(answer, answer...)); err != nil {
				return
			}
		}
	}()
	p := gauge()
	p.Protocol = profile.ModbusTCP
	d, err := New().Open(driver.Options{ID: "g", Address: l.Addr().String(), Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	var seen refusals
	got, err := d.(driver.Reader).Read(seen.context(t.Context()))
	if err != nil || got[0].Value != 4.12 || !bytes.Equal(got[0].Raw, bin(t, "0001 0000 0005 01 03 02 019C")) {
		t.Errorf("got %+v, %v", got, err)
	}
	seen.want(t, "twice", driver.KindDuplicate, "0001 0000 0005 01 03 02 019C")
}

func FuzzStray(f *testing.F) {
	for _, text := range []string{oneSay, oneSay + twoSay, "00 FF" + oneSay, "01 83 02 C0F1", "01 03 FF", "DE AD BE EF"} {
		f.Add(bin(f, text))
	}
	f.Fuzz(func(t *testing.T, came []byte) {
		counted := 0
		b := newBus(nil, rtu{}, true)
		b.whole = true
		b.refused[1] = func(f *driver.Fault) {
			if counted++; len(f.Raw) == 0 {
				t.Errorf("%s without its bytes", f.Kind)
			}
		}
		b.stray(1, came)
		if counted > len(came)/smallest+1 {
			t.Errorf("%d counted in %d bytes", counted, len(came))
		}
	})
}
