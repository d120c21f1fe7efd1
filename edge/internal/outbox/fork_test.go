package outbox

import (
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestNumbersThatWereNeverSentAreThoseOfAnotherFile(t *testing.T) {
	b := open(t, Options{})
	take(t, b, 0, 20) // not offered: there was no link
	epoch := b.Epoch()
	if _, err := b.Hello(t.Context(), ranges(wire.LaneTelemetry, wire.Range{1, 10})); err != nil {
		t.Fatal(err)
	}
	if b.Epoch() == epoch {
		t.Error("readings of another are taken for its own")
	}
	if got := count(t, b); len(got) != 20 {
		t.Errorf("%d of 20 are left to send", len(got))
	}
}

func TestForkKeepsWhatIsNotAcknowledged(t *testing.T) {
	b := open(t, Options{})
	b.SetLinked(true)
	take(t, b, 0, 20)
	epoch := b.Epoch()
	if err := b.Fork(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(t, b); len(got) != 20 || b.Epoch() == epoch {
		t.Errorf("%d of 20 are left to send, epoch %d after %d", len(got), b.Epoch(), epoch)
	}
}

func TestStartsAreRememberedInTheFile(t *testing.T) {
	b := open(t, Options{})
	for i, c := range []struct {
		boot string
		want int
	}{{"aaaaaaaa-1", 0}, {"aaaaaaaa-1", 0}, {"bbbbbbbb-2", 1}, {"cccccccc-3", 2}} {
		got, err := b.Boots(t.Context(), c.boot)
		if err != nil || len(got) != c.want {
			t.Errorf("%d: %v, %v", i, got, err)
		}
		if c.want == 2 && got[0] != "bbbbbbbb" {
			t.Errorf("got %v", got)
		}
	}
}
