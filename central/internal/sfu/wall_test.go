package sfu

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

// page is a browser's side of a wall.
type page struct {
	pc      *webrtc.PeerConnection
	session string

	mu     sync.Mutex
	places map[string]*player // by track
}

func openPage(t testing.TB, s *SFU, places int) *page {
	t.Helper()
	p := &page{pc: client(t, nil, nil), places: map[string]*player{}}
	for range places {
		only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
			t.Fatal(err)
		}
	}
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		one := &player{pc: p.pc}
		p.mu.Lock()
		p.places[track.ID()] = one
		p.mu.Unlock()
		one.read(track)
	})
	a, err := s.Wall(t.Context(), "somebody", offer(t, p.pc))
	if err != nil {
		t.Fatal(err)
	}
	p.session = a.Session
	accept(t, p.pc, a)
	return p
}

// seen are the pictures that came at a place.
func (p *page) seen(at int) (numbers, times []uint32) {
	p.mu.Lock()
	one := p.places[fmt.Sprintf("place-%d", at)]
	p.mu.Unlock()
	if one == nil {
		return nil, nil
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return append(numbers, one.pictures...), append(times, one.times...)
}

// shows waits until the newest picture of a place is from a camera, whose numbers are around its first.
func (p *page) shows(t testing.TB, at int, first uint32) {
	t.Helper()
	eventually(t, fmt.Sprintf("place %d shows %d", at, first), func() bool {
		numbers, _ := p.seen(at)
		return len(numbers) > 0 && numbers[len(numbers)-1]/100_000 == first/100_000
	})
}

func show(t testing.TB, s *SFU, p *page, at int, stream string) video.Shown {
	t.Helper()
	shown, err := s.Show(p.session, at, stream, large)
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

func TestPlacesOfAWallChangeTheirStreamsOnOneConnection(t *testing.T) {
	s := started(t, Options{})
	var mu sync.Mutex
	ended := map[string]bool{}
	s.Notify(func(c video.Change) {
		mu.Lock()
		defer mu.Unlock()
		ended[c.Ended] = true
	})
	for i := range 3 {
		running(t, s, fmt.Sprintf("cam-%d", i), 100, 100_000*(i+1))
	}
	p := openPage(t, s, maxPlaces)
	shown := map[int]video.Shown{}
	for i := range 3 {
		shown[i] = show(t, s, p, i, fmt.Sprintf("cam-%d", i))
	}
	for i := range 3 {
		p.shows(t, i, uint32(100_000*(i+1)))
	}
	if shown[0].After != nil {
		t.Error("something was shown at a place before anything was")
	}
	// The first two change their places; the third stays what it is, and a fourth is of a camera that comes later.
	stays, _ := p.seen(2)
	began := time.Now()
	moved := show(t, s, p, 0, "cam-1")
	show(t, s, p, 1, "cam-0")
	show(t, s, p, 19, "late")
	p.shows(t, 0, 200_000)
	t.Logf("the other picture was there after %v", time.Since(began))
	p.shows(t, 1, 100_000)
	running(t, s, "late", 100, 900_000)
	p.shows(t, 19, 900_000)
	if moved.After == nil {
		t.Fatal("nobody says where the new stream begins")
	}
	numbers, times := p.seen(0)
	for i := 1; i < len(numbers); i++ {
		if int32(times[i]-times[i-1]) <= 0 {
			t.Errorf("picture %d at %d follows %d at %d", numbers[i], times[i], numbers[i-1], times[i-1])
		}
	}
	for i, n := range numbers {
		if of, fresh := n/100_000, int32(times[i]-*moved.After) > 0; (of == 2) != fresh {
			t.Errorf("picture %d at %d: the new stream begins after %d", n, times[i], *moved.After)
		}
	}
	more, _ := p.seen(2)
	consecutive(t, more)
	if more[0] != stays[0] {
		t.Error("the place that stayed began anew")
	}
	p.mu.Lock()
	for name, one := range p.places {
		if one.lost > 0 {
			t.Errorf("%s lost packets", name)
		}
	}
	p.mu.Unlock()
	mu.Lock()
	if !ended[shown[0].Session] || !ended[shown[1].Session] || ended[shown[2].Session] {
		t.Errorf("ended are %v", ended)
	}
	mu.Unlock()
	if n := s.Flow("cam-0").Viewers; n != 1 {
		t.Errorf("%d viewers, want 1", n)
	}
	// Taking away one place leaves the others; hanging up ends all.
	if err := s.Hang(moved.Session); err != nil {
		t.Fatal(err)
	}
	if n := s.Flow("cam-1").Viewers; n != 0 {
		t.Errorf("%d viewers of what was taken away", n)
	}
	before, _ := p.seen(2)
	eventually(t, "the third goes on", func() bool { more, _ := p.seen(2); return len(more) > len(before)+5 })
	if err := s.Hang(p.session); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cam-0", "cam-1", "cam-2", "late"} {
		if n := s.Flow(name).Viewers; n != 0 {
			t.Errorf("%d viewers of %s after the wall was closed", n, name)
		}
	}
	if _, err := s.Show(p.session, 0, "cam-0", large); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a closed wall shows: %v", err)
	}
}

func TestWallsKeepTheLimits(t *testing.T) {
	s := started(t, Options{MaxWallsPerUser: 2, MaxViewersPerUser: 3})
	first, second := openPage(t, s, 4), openPage(t, s, 4)
	pc := client(t, nil, nil)
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	for range maxPlaces + 1 {
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Wall(t.Context(), "somebody", offer(t, pc)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("%d pictures: %v", maxPlaces+1, err)
	}
	third := client(t, nil, nil)
	if _, err := third.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	text := offer(t, third)
	if _, err := s.Wall(t.Context(), "somebody", text); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("a third wall: %v", err)
	}
	for _, at := range []int{-1, 4} {
		if _, err := s.Show(first.session, at, "cam", large); errs.KindOf(err) != errs.NotFound {
			t.Errorf("place %d: %v", at, err)
		}
	}
	show(t, s, first, 0, "cam")
	show(t, s, first, 1, "cam")
	show(t, s, second, 0, "cam")
	if _, err := s.Show(second.session, 1, "cam", large); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("a fourth picture: %v", err)
	}
	show(t, s, second, 0, "cam-2") // instead of another
	if err := s.Hang(first.session); err != nil {
		t.Fatal(err)
	}
	show(t, s, second, 1, "cam")
	if _, err := s.Wall(t.Context(), "somebody", text); err != nil {
		t.Errorf("a wall in the place of a closed one: %v", err)
	}
}
