package jitter

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

var epoch = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// drain returns the numbers handed out; a gap is shown as -1 before its packet.
func drain(b *Buffer, now time.Time) []int {
	var out []int
	for {
		p, gap, ok := b.Pop(now)
		if !ok {
			return out
		}
		if gap {
			out = append(out, -1)
		}
		out = append(out, int(p.Seq))
	}
}

func push(b *Buffer, now time.Time, seqs ...uint16) {
	for _, s := range seqs {
		b.Push(Packet{Seq: s, Payload: []byte{1}}, now)
	}
}

func TestOrderIsRestoredAcrossTheWrap(t *testing.T) {
	b := New(100 * time.Millisecond)
	push(b, at(0), 65534, 0, 65535, 2, 1, 1, 65534)
	if got, want := drain(b, at(0)), []int{65534, 65535, 0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAHoleWaitsForItsPacketAndNoLonger(t *testing.T) {
	b := New(100 * time.Millisecond)
	push(b, at(0), 1, 3, 4)
	if got, want := drain(b, at(99)), []int{1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := drain(b, at(100)), []int{-1, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("after the hold: got %v, want %v", got, want)
	}
	push(b, at(101), 2, 5)
	if got, want := drain(b, at(101)), []int{5}; !slices.Equal(got, want) {
		t.Errorf("late packet: got %v, want %v", got, want)
	}
	push(b, at(200), 8)
	push(b, at(250), 6, 7)
	if got, want := drain(b, at(250)), []int{6, 7, 8}; !slices.Equal(got, want) {
		t.Errorf("filled: got %v, want %v", got, want)
	}
}

func TestMissingPacketsAreAskedForAFewTimes(t *testing.T) {
	b := New(time.Second)
	push(b, at(0), 10, 13)
	drain(b, at(0))
	for _, c := range []struct {
		ms   int
		want []uint16
	}{
		{5, nil},
		{15, []uint16{11, 12}},
		{50, nil},
		{104, nil},
		{105, []uint16{11, 12}},
		{195, []uint16{11, 12}},
		{285, []uint16{11, 12}},
		{375, []uint16{11, 12}},
		{465, []uint16{11, 12}},
		{500, nil},
		{555, []uint16{11, 12}},
		{645, nil},
	} {
		if got := b.Missing(at(c.ms)); !slices.Equal(got, c.want) {
			t.Errorf("at %d ms: got %v, want %v", c.ms, got, c.want)
		}
	}
	push(b, at(650), 11)
	if got := drain(b, at(650)); !slices.Equal(got, []int{11}) {
		t.Errorf("got %v", got)
	}
}

func TestAJumpOfTheNumbersIsAGap(t *testing.T) {
	b := New(100 * time.Millisecond)
	push(b, at(0), 100, 101)
	drain(b, at(0))
	push(b, at(1), 40000, 40001)
	if got, want := drain(b, at(1)), []int{-1, 40000, 40001}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzBuffer(f *testing.F) {
	f.Add([]byte{0, 1, 0, 3, 255, 255, 0, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		b := New(50 * time.Millisecond)
		for i := 0; i+1 < len(data); i += 2 {
			now := at(i)
			push(b, now, binary.BigEndian.Uint16(data[i:]))
			drain(b, now)
			if n := len(b.Missing(now)); n > maxAsked || len(b.holes) > maxHoles+1 {
				t.Fatalf("%d asked, %d holes", n, len(b.holes))
			}
		}
		end := at(len(data) + 50)
		drain(b, end)
		if b.begun && b.next != b.highest+1 {
			t.Errorf("packets stay behind: next %d, highest %d", b.next, b.highest)
		}
	})
}

func TestAHoleBeforeAllThatASourceSendsAgainIsWaitedFor(t *testing.T) {
	b := New(500 * time.Millisecond)
	push(b, at(0), 0)
	for s := uint16(2); s < 1500; s++ {
		push(b, at(1), s)
	}
	push(b, at(200), 1)
	got := drain(b, at(200))
	if len(got) != 1500 || slices.Contains(got, -1) {
		t.Errorf("%d packets handed out", len(got))
	}
}
