package ring

import (
	"context"
	"testing"
	"time"
)

var epoch = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)

// source writes a picture of 25 a second: three packets each, a key frame every gop pictures.
type source struct {
	log     *Log
	picture int
	gop     int
}

func (s *source) now() time.Time { return epoch.Add(time.Duration(s.picture) * 40 * time.Millisecond) }

func (s *source) write(pictures int) {
	for range pictures {
		for i := range 3 {
			s.log.Append(Entry{
				Time: uint32(s.picture) * 3600, Marker: i == 2, IDR: i == 1 && s.picture%s.gop == 0,
				Payload: []byte{byte(s.picture), byte(s.picture >> 8), byte(i)}, At: s.now(),
			})
		}
		s.picture++
	}
}

func read(t *testing.T, r *Reader, now time.Time) []Packet {
	t.Helper()
	var all []Packet
	for {
		buf := make([]Packet, 7)
		n, _ := r.Read(buf, now)
		if n == 0 {
			return all
		}
		all = append(all, buf[:n]...)
	}
}

func picture(p Packet) int { return int(p.Payload[0]) | int(p.Payload[1])<<8 }

// seamless checks that numbers have no hole and times never step back or stand still between pictures.
func seamless(t *testing.T, packets []Packet) {
	t.Helper()
	for i := 1; i < len(packets); i++ {
		a, b := packets[i-1], packets[i]
		if b.Seq != a.Seq+1 {
			t.Fatalf("packet %d: number %d follows %d", i, b.Seq, a.Seq)
		}
		step := int32(b.Time - a.Time)
		if same := picture(a) == picture(b); (same && step != 0) || (!same && step <= 0) {
			t.Fatalf("packet %d: picture %d at %d follows picture %d at %d", i, picture(b), b.Time, picture(a), a.Time)
		}
	}
}

func TestNewViewerBeginsAtTheKeyFrameAndIsAtThePresentAtOnce(t *testing.T) {
	s := &source{log: NewLog(), gop: 100}
	s.write(190)
	r := NewReader(s.log)
	got := read(t, r, s.now())
	if len(got) != 90*3 || picture(got[0]) != 100 {
		t.Fatalf("got %d packets from picture %d, want 270 from 100", len(got), picture(got[0]))
	}
	if span := got[len(got)-1].Time - got[0].Time; span != 89*90 {
		t.Errorf("replay spans %d ticks, want %d", span, 89*90)
	}
	s.write(5)
	live := read(t, r, s.now())
	if step := live[0].Time - got[len(got)-1].Time; step != 3600 {
		t.Errorf("first live picture is %d ticks later, want 3600", step)
	}
	seamless(t, append(got, live...))
}

func TestViewerBeforeTheFirstKeyFrameWaitsForIt(t *testing.T) {
	s := &source{log: NewLog(), gop: 50, picture: 1}
	s.write(10)
	r := NewReader(s.log)
	if got := read(t, r, s.now()); len(got) != 0 || !r.Waiting() {
		t.Fatalf("got %d packets, waiting %v", len(got), r.Waiting())
	}
	s.write(60)
	got := read(t, r, s.now())
	if len(got) == 0 || picture(got[0]) != 50 {
		t.Fatalf("got %d packets", len(got))
	}
	seamless(t, got)
}

func TestSlowViewerDropsToTheNewestKeyFrame(t *testing.T) {
	s := &source{log: NewLog(), gop: 100}
	s.write(1)
	r := NewReader(s.log)
	first := read(t, r, s.now())
	s.write(250) // ten seconds pass
	got := read(t, r, s.now())
	if picture(got[0]) != 200 || r.Drops() != 1 {
		t.Errorf("went on at picture %d after %d drops, want 200 after 1", picture(got[0]), r.Drops())
	}
	seamless(t, append(first, got...))
	// With no newer key frame it waits for one.
	s.write(48)
	s.picture++ // the key frame 300 is lost to everybody
	s.log.Append(Entry{Gap: true})
	if got := read(t, r, s.now().Add(0)); len(got) != 0 && picture(got[0]) < 200 {
		t.Errorf("went back to picture %d", picture(got[0]))
	}
	s.write(120)
	got = read(t, r, s.now())
	if len(got) == 0 || picture(got[0]) != 400 {
		t.Fatalf("got %d packets, want them from picture 400", len(got))
	}
}

func TestViewerThatNeedsAKeyFrameGetsTheLastOneAgain(t *testing.T) {
	s := &source{log: NewLog(), gop: 100}
	s.write(60)
	r := NewReader(s.log)
	all := read(t, r, s.now())
	if !r.Restart(s.now()) {
		t.Fatal("no restart")
	}
	again := read(t, r, s.now())
	if len(again) != 60*3 || picture(again[0]) != 0 {
		t.Fatalf("got %d packets from picture %d", len(again), picture(again[0]))
	}
	s.write(3)
	all = append(all, again...)
	all = append(all, read(t, r, s.now())...)
	for i := 1; i < len(all); i++ {
		if all[i].Seq != all[i-1].Seq+1 || int32(all[i].Time-all[i-1].Time) < 0 {
			t.Fatalf("packet %d: %d at %d follows %d at %d", i, all[i].Seq, all[i].Time, all[i-1].Seq, all[i-1].Time)
		}
	}
	s.log.Append(Entry{Gap: true})
	if r.Restart(s.now().Add(time.Minute)) {
		t.Error("a key frame with a hole behind it was shown again")
	}
}

func TestWhatASourceSendsAgainIsAReplay(t *testing.T) {
	s := &source{log: NewLog(), gop: 25}
	s.write(1)
	r := NewReader(s.log)
	read(t, r, s.now())
	for _, past := range []bool{true, false} {
		s.log.Append(Entry{Time: uint32(s.picture) * 3600, Marker: true, Past: past, Payload: []byte{1, 2, 3}, At: s.now()})
		s.picture++
		if n, replaying := r.Read(make([]Packet, 4), s.now()); n != 1 || replaying != past {
			t.Errorf("%d packets, replaying %v, want %v", n, replaying, past)
		}
	}
}

func TestLossIsShownAsAGapInTheNumbers(t *testing.T) {
	s := &source{log: NewLog(), gop: 100}
	s.write(2)
	r := NewReader(s.log)
	before := read(t, r, s.now())
	s.log.Append(Entry{Gap: true})
	s.write(1)
	after := read(t, r, s.now())
	if d := after[0].Seq - before[len(before)-1].Seq; d != 2 {
		t.Errorf("number steps by %d, want 2", d)
	}
}

func TestLostPacketsAreSentAgainAFewTimes(t *testing.T) {
	s := &source{log: NewLog(), gop: 100}
	s.write(4)
	r := NewReader(s.log)
	got := read(t, r, s.now())
	want := got[5]
	times := 0
	for ms := range 1000 {
		p, ok := r.Resend(want.Seq, s.now().Add(time.Duration(ms)*time.Millisecond), always)
		if !ok {
			continue
		}
		times++
		if p.Time != want.Time || p.Marker != want.Marker || string(p.Payload) != string(want.Payload) {
			t.Fatalf("got %+v, want %+v", p, want)
		}
	}
	if times != resends {
		t.Errorf("sent again %d times, want %d", times, resends)
	}
	if _, ok := r.Resend(got[0].Seq-1, s.now(), always); ok {
		t.Error("a packet that was never sent was sent again")
	}
	s.log.Forget()
	if _, ok := r.Resend(got[1].Seq, s.now(), always); ok {
		t.Error("a forgotten packet was sent again")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l := NewLog()
	for i := range 3 * slots {
		l.Append(Entry{Time: uint32(i), Payload: make([]byte, 4000), IDR: i == 0})
	}
	if l.bytes > maxBytes || l.head-l.tail > slots || l.hasKey {
		t.Errorf("%d bytes, %d entries, key held %v", l.bytes, l.head-l.tail, l.hasKey)
	}
	if NewReader(l).waiting != true {
		t.Error("a viewer began without a key frame")
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	l := NewLog()
	r := NewReader(l)
	ctx, cancel := context.WithCancel(t.Context())
	stop := context.AfterFunc(ctx, l.Wake)
	defer stop()
	done := make(chan bool)
	go func() { done <- r.Wait(ctx) }()
	cancel()
	if <-done {
		t.Error("wait says there is more")
	}
}

// A place of a wall is given another stream: the viewer sees one that goes on.
func TestReaderMovesToAnotherLogWithoutASeam(t *testing.T) {
	now := epoch
	fill := func(from, pictures, gop int) *source {
		s := &source{log: NewLog(), gop: gop, picture: from}
		for range pictures {
			s.log.Append(Entry{
				Time: uint32(s.picture)*3600 + 77_000_000, Marker: true, IDR: s.picture%gop == 0,
				Payload: []byte{byte(s.picture), byte(s.picture >> 8), 0}, At: now,
			})
			s.picture++
		}
		return s
	}
	first := fill(1000, 60, 50)
	r := NewReader(first.log)
	got := read(t, r, now)
	now = now.Add(10 * time.Second)
	// To one with a key frame 30 pictures ago.
	second := fill(2000, 30, 50)
	before := *r.Last()
	r.Move(second.log)
	more := read(t, r, now)
	if len(more) != 30 || picture(more[0]) != 2000 {
		t.Fatalf("%d packets after the move, the first of picture %d", len(more), picture(more[0]))
	}
	if passed := more[29].Time - before; passed < 9*clock || passed > 11*clock {
		t.Errorf("ten seconds are %d ticks", passed)
	}
	if _, ok := r.Resend(got[0].Seq, now, always); ok {
		t.Error("a packet of the log before is sent again")
	}
	if _, ok := r.Resend(more[3].Seq, now, always); !ok {
		t.Error("a packet of the new log is not sent again")
	}
	got = append(got, more...)
	// To an empty one, whose source comes two seconds later, and one without a key frame.
	third := &source{log: NewLog(), gop: 50}
	r.Move(third.log)
	if n := read(t, r, now); len(n) != 0 || !r.Waiting() {
		t.Fatalf("%d packets of an empty log", len(n))
	}
	now = now.Add(2 * time.Second)
	third.log.Append(Entry{Time: 5, Marker: true, IDR: true, Payload: []byte{1, 0, 0}, At: now})
	third.log.Append(Entry{Time: 3605, Marker: true, Payload: []byte{2, 0, 0}, At: now})
	got = append(got, read(t, r, now)...)
	fourth := fill(3001, 20, 50)
	r.Move(fourth.log)
	if n := read(t, r, now); len(n) != 0 || !r.Waiting() {
		t.Fatalf("%d packets without a key frame", len(n))
	}
	now = now.Add(time.Second)
	fourth.log.Append(Entry{Time: 5_000_000, Marker: true, IDR: true, Payload: []byte{9, 9, 0}, At: now})
	got = append(got, read(t, r, now)...)
	if len(got) != 10+30+2+1 {
		t.Errorf("%d packets in all", len(got))
	}
	seamless(t, got)
}

func TestALogIsBrokenFromALossToTheNextKeyFrame(t *testing.T) {
	s := &source{log: NewLog(), gop: 100}
	s.write(30)
	if s.log.Broken() {
		t.Error("whole and called broken")
	}
	s.log.Append(Entry{Gap: true})
	s.write(50)
	if !s.log.Broken() {
		t.Error("a loss is not told")
	}
	s.write(30)
	if s.log.Broken() {
		t.Error("broken after the next key frame")
	}
}

func always(int, time.Time) bool { return true }
