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
		done <- s.Tap(ctx, "cam", time.Time{}, func(film.Frame) {}, func(one film.Sound) {
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

// What was sent before a recording began is not handed over; a browser, which has key frames on demand only, is asked for
// one.
func TestARecordingOfSomebodyBeginsWhenItBegins(t *testing.T) {
	s := started(t, Options{})
	c := publish(t, s, "seat", 500)
	picture := func(kind byte) {
		c.rtp.Timestamp += 3600
		if kind == 0x65 {
			c.packet(sets, false)
		}
		c.packet(append([]byte{kind}, make([]byte, 300)...), true)
	}
	picture(0x65)
	ctx, stop := context.WithCancel(t.Context())
	var sent sync.WaitGroup
	sent.Go(func() {
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-c.plis:
				picture(0x65)
			case <-time.After(20 * time.Millisecond):
				picture(0x41)
			}
		}
	})
	eventually(t, "the stream runs", func() bool { return s.Flow("seat").Bitrate > 0 })
	for _, strict := range []bool{true, false} {
		begin := time.Now()
		since := begin
		if !strict {
			since = time.Time{}
		}
		frames := make(chan film.Frame, 1000)
		tap, end := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- s.Tap(tap, "seat", since, func(f film.Frame) { frames <- f }, nil, func(time.Time) {}) }()
		select {
		case f := <-frames:
			if !f.Key || !f.First || f.At.Before(begin) == strict {
				t.Errorf("strict %v: the first picture is of %v, key %v, first %v", strict, f.At.Sub(begin), f.Key, f.First)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("strict %v: nothing came", strict)
		}
		end()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	stop()
	sent.Wait()
}

// A terminal that had the camera open begins with what there was since the last key frame. That is of before, though it
// comes after: it is no picture of an alarm.
func TestWhatATerminalSendsOfItsPastIsNoPictureOfThePresent(t *testing.T) {
	s := started(t, Options{})
	c := publish(t, s, "cam", 500)
	picture := func(kind byte, step uint32, size int) {
		c.rtp.Timestamp += step
		if kind == 0x65 {
			c.packet(sets, false)
		}
		c.packet(append([]byte{kind}, make([]byte, size)...), true)
	}
	frames := make(chan film.Frame, 1000)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Tap(ctx, "cam", time.Now(), func(f film.Frame) { frames <- f }, nil, func(time.Time) {})
	}()
	eventually(t, "it listens", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		src := s.sources["cam"]
		src.mu.Lock()
		defer src.mu.Unlock()
		return src.taps == 1
	})
	picture(0x65, 3600, 300)
	for range 5 {
		picture(0x41, clock/1000, 100)
	}
	picture(0x41, 3600, 100)
	picture(0x65, 3600, 700)
	picture(0x41, 3600, 100)
	select {
	case f := <-frames:
		if !f.Key || !f.First || len(f.Units[len(f.Units)-1]) != 701 {
			t.Errorf("the first picture has %d bytes, key %v, first %v", len(f.Units[len(f.Units)-1]), f.Key, f.First)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing came")
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
