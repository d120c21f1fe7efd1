package sfu

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/shared/film"
)

// Whoever records hears the scene as it is sent, with the moment at which each packet came.
func TestARecorderHearsTheScene(t *testing.T) {
	s := started(t, Options{})
	scene := newTalker(t)
	scene.speaks(t, webrtc.MimeTypePCMA, 8000, webrtc.RTPTransceiverDirectionSendonly)
	a, err := s.Publish(t.Context(), "cam", offer(t, scene.pc), true)
	if err != nil {
		t.Fatal(err)
	}
	accept(t, scene.pc, a)
	scene.up(t)
	go scene.say(t.Context(), "flood")
	var mu sync.Mutex
	var heard []film.Sound
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	begin := time.Now()
	go func() {
		done <- s.Tap(ctx, "cam", func(film.Frame) {}, func(one film.Sound) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, one)
		}, func(time.Time) {})
	}()
	eventually(t, "sixty packets are heard", func() bool { mu.Lock(); defer mu.Unlock(); return len(heard) > 60 })
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i, one := range heard {
		if one.Codec != film.PCMA || string(one.Data) != "flood" || one.From == nil || one.At.Before(begin) {
			t.Fatalf("heard %+v", one)
		}
		if i > 0 && (one.From != heard[0].From || one.Time == heard[i-1].Time || one.At.Before(heard[i-1].At)) {
			t.Fatalf("%+v after %+v", one, heard[i-1])
		}
	}
}
