package ring

import (
	"context"
	"testing"
	"time"
)

func TestKeyFramesAlone(t *testing.T) {
	s := &source{log: NewLog(), gop: 25}
	s.write(30)
	r := NewReader(s.log)
	got := read(t, r, s.now())
	r.Turn(Keys)
	for range 60 {
		s.write(1)
		got = append(got, read(t, r, s.now())...)
	}
	var pictures []int
	for _, p := range got[15:] { // pictures 25 to 29 came before
		if p.Marker {
			pictures = append(pictures, picture(p))
		}
	}
	if len(pictures) != 2 || pictures[0] != 50 || pictures[1] != 75 {
		t.Fatalf("pictures %v, want 50 and 75", pictures)
	}
	seamless(t, got)
	r.Turn(Whole)
	s.write(5)
	if more := read(t, r, s.now()); len(more) != 0 {
		t.Fatalf("%d packets before the next key frame", len(more))
	}
	s.write(20)
	more := read(t, r, s.now())
	if len(more) == 0 || picture(more[0]) != 100 || picture(more[len(more)-1]) != 114 {
		t.Fatalf("%d packets", len(more))
	}
	seamless(t, append(got, more...))
}

func TestTheTurnComesAtTheEndOfAPicture(t *testing.T) {
	s := &source{log: NewLog(), gop: 25}
	s.write(26)
	r := NewReader(s.log)
	buf := make([]Packet, 4) // the key frame, and one packet of the next picture
	if n, _ := r.Read(buf, s.now()); n != 3 {
		t.Fatal(n)
	}
	s.write(1)
	if n, _ := r.Read(buf[:1], s.now()); n != 1 {
		t.Fatal(n)
	}
	r.Turn(Keys)
	s.write(10)
	got := read(t, r, s.now())
	if len(got) != 2 || picture(got[0]) != 26 || !got[1].Marker {
		t.Fatalf("%+v, want the rest of picture 26", got)
	}
	// A turn back before anything was left out goes on at once.
	r = NewReader(s.log)
	if n, _ := r.Read(buf[:1], s.now()); n != 1 {
		t.Fatal(n)
	}
	r.Turn(Keys)
	r.Turn(Whole)
	if got := read(t, r, s.now()); len(got) != 12*3-1 {
		t.Errorf("%d packets, want all", len(got))
	}
}

func TestNothingAndOnAgain(t *testing.T) {
	s := &source{log: NewLog(), gop: 25}
	s.write(30)
	r := NewReader(s.log)
	got := read(t, r, s.now())
	r.Turn(Nothing)
	for range 6000 { // longer than the log holds
		s.write(1)
		if more := read(t, r, s.now()); len(more) != 0 {
			t.Fatalf("%d packets", len(more))
		}
	}
	r.Turn(Keys)
	s.write(30)
	more := read(t, r, s.now())
	if len(more) != 3 || picture(more[0]) != 6050 {
		t.Fatalf("%d packets", len(more))
	}
	seamless(t, append(got, more...))
}

// A pause in the middle of a picture leaves a hole in the numbers, and the way can be measured while it lasts: else nothing
// would ever find out that it carries more again.
func TestAPauseInTheMiddleOfAPictureLetsTheWayBeMeasured(t *testing.T) {
	for name, after := range map[string]func(r *Reader, other *source){
		"of the same log":  func(*Reader, *source) {},
		"after a move":     func(r *Reader, other *source) { r.Move(other.log) },
		"after key frames": func(r *Reader, _ *source) { r.Turn(Keys) },
	} {
		s, other := &source{log: NewLog(), gop: 25}, &source{log: NewLog(), gop: 25}
		s.write(26)
		other.write(26)
		r := NewReader(s.log)
		buf := make([]Packet, 4) // the key frame
		if n, _ := r.Read(buf[:2], s.now()); n != 2 || r.Between() {
			t.Fatal(name, n)
		}
		after(r, other)
		r.Turn(Nothing)
		r.Turn(Nothing)
		p, ok := r.Pad(s.now())
		if !ok || p.Seq != buf[1].Seq+2 {
			t.Fatalf("%s: %+v %v, want packet %d", name, p, ok, buf[1].Seq+2)
		}
	}
}

func TestAnotherLogInModeKeys(t *testing.T) {
	s, other := &source{log: NewLog(), gop: 25}, &source{log: NewLog(), gop: 25, picture: 1000}
	s.write(30)
	other.write(40)
	r := NewReader(s.log)
	got := read(t, r, s.now())
	r.Turn(Keys)
	r.Move(other.log)
	r.Turn(Whole)
	for range 40 {
		other.write(1)
		got = append(got, read(t, r, other.now())...)
	}
	for i := 1; i < len(got); i++ {
		if got[i].Seq != got[i-1].Seq+1 || int32(got[i].Time-got[i-1].Time) < 0 {
			t.Fatalf("packet %d: %d at %d follows %d at %d", i, got[i].Seq, got[i].Time, got[i-1].Seq, got[i-1].Time)
		}
	}
	if last := picture(got[len(got)-1]); last != 1079 {
		t.Errorf("ends at picture %d", last)
	}
}

func TestPaddingIsNumberedAndSentAgain(t *testing.T) {
	s := &source{log: NewLog(), gop: 25}
	s.write(1)
	r := NewReader(s.log)
	if _, ok := r.Pad(s.now()); ok {
		t.Fatal("before anything was shown")
	}
	got := read(t, r, s.now())
	p, ok := r.Pad(s.now())
	if !ok || p.Seq != got[2].Seq+1 || p.Time != got[2].Time || !p.Padding || len(p.Payload) != Padding || p.Payload[Padding-1] != Padding {
		t.Fatalf("%v %+v", ok, p)
	}
	s.write(1)
	buf := make([]Packet, 1)
	if n, _ := r.Read(buf, s.now()); n != 1 || buf[0].Seq != p.Seq+1 {
		t.Fatalf("%+v after padding %d", buf[0], p.Seq)
	}
	if _, ok := r.Pad(s.now()); ok {
		t.Error("within a picture")
	}
	if again, ok := r.Resend(p.Seq, s.now().Add(time.Second), always); !ok || !again.Padding || again.Seq != p.Seq {
		t.Errorf("%v %+v", ok, again)
	}
}

func TestAWaitingReaderIsStirred(t *testing.T) {
	s := &source{log: NewLog(), gop: 25}
	s.write(1)
	r := NewReader(s.log)
	read(t, r, s.now())
	done := make(chan bool)
	go func() { done <- r.Wait(context.Background()) }()
	r.Stir()
	if !<-done {
		t.Error("as if it had ended")
	}
}

func TestAFreshLogBeginsWithAKeyFrame(t *testing.T) {
	s := &source{log: NewLog(), gop: 100}
	if s.log.Fresh(1<<20, s.now()) {
		t.Error("an empty one")
	}
	s.write(4)
	if !s.log.Fresh(0, s.now()) {
		t.Error("a key frame of just now was not taken")
	}
	s.write(50)
	if !s.log.Fresh(54*9, s.now()) || s.log.Fresh(54*9-1, s.now()) {
		t.Error("the past is not counted")
	}
	if s.log.Fresh(1<<20, s.now().Add(time.Minute)) {
		t.Error("one that has stopped")
	}
	s.log.Append(Entry{Gap: true})
	if s.log.Fresh(1<<20, s.now()) {
		t.Error("one with a hole")
	}
}
