package recorder_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/recorder"
)

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time:", what)
		}
	}
}

// ears keeps what is heard.
type ears struct {
	mu    sync.Mutex
	heard []camera.Sound
}

func (e *ears) hear(s camera.Sound) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, s)
}

func (e *ears) all() []camera.Sound {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]camera.Sound(nil), e.heard...)
}

func started(t *testing.T, script string, args ...string) (*recorder.Recorder, *ears, func()) {
	t.Helper()
	r := recorder.New(append([]string{"sh", "-c", script}, args...), slog.New(slog.DiscardHandler))
	e := &ears{}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx, e.hear) }()
	end := func() { stop(); <-done }
	t.Cleanup(end)
	return r, e, end
}

func TestWhatTheCommandWritesIsHeard(t *testing.T) {
	t.Parallel()
	// 320 bytes of the sample 0x1000 (low byte first), again and again.
	r, e, end := started(t, `while :; do i=0; while [ $i -lt 160 ]; do printf '\000\020'; i=$((i+1)); done; done`)
	eventually(t, "ten packets", func() bool { return len(e.all()) >= 10 })
	if codec, err := r.Sounds(); codec != camera.PCMA || err != nil {
		t.Errorf("state %q, %v", codec, err)
	}
	end()
	for i, s := range e.all() {
		var pcm g711.Alaw
		pcm.Unmarshal(s.Payload)
		if v := int(pcm[0])<<8 | int(pcm[1]); s.Codec != camera.PCMA || len(s.Payload) != 160 || v < 0x0f00 || v > 0x1100 {
			t.Fatalf("packet %d: %s, %d bytes, first sample %#x", i, s.Codec, len(s.Payload), v)
		}
		if i > 0 && (s.Seq != e.heard[i-1].Seq+1 || s.Time != e.heard[i-1].Time+160) {
			t.Fatalf("a seam: %d at %d after %d at %d", s.Seq, s.Time, e.heard[i-1].Seq, e.heard[i-1].Time)
		}
	}
}

func TestACommandThatEndsIsSaidInWordsAndStartedAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "well")
	r, e, _ := started(t, `test -e "$0" || { echo no such device >&2; exit 3; }; cat /dev/zero`, file)
	eventually(t, "said", func() bool {
		_, err := r.Sounds()
		return err != nil && strings.Contains(err.Error(), "no such device")
	})
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "heard", func() bool { return len(e.all()) > 0 })
	if !e.all()[0].Marker {
		t.Error("the first after a break is not marked")
	}
}

func TestACommandThatFallsSilentIsKilledWithWhatItHasStarted(t *testing.T) {
	t.Parallel()
	r, _, _ := started(t, `sleep 1000 & wait`)
	eventually(t, "said", func() bool {
		_, err := r.Sounds()
		return err != nil && strings.Contains(err.Error(), "sends nothing any more")
	})
}

// A microphone opens once: who listens beside another hears the same run of the command.
func TestTwoWhoListenHearOneRunOfTheCommand(t *testing.T) {
	t.Parallel()
	count := filepath.Join(t.TempDir(), "runs")
	r, e, end := started(t, `echo run >> "$0"; cat /dev/zero`, count)
	eventually(t, "heard", func() bool { return len(e.all()) > 0 })
	second := &ears{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx, second.hear) }()
	stop := func() { cancel(); <-done }
	defer stop()
	eventually(t, "heard by both", func() bool { return len(second.all()) > 0 })
	end()
	n := len(second.all())
	eventually(t, "the second still hears", func() bool { return len(second.all()) > n })
	stop()
	if text, err := os.ReadFile(count); err != nil || strings.Count(string(text), "run") != 1 {
		t.Errorf("runs of the command: %q, %v", text, err)
	}
	if was := len(e.all()); was == 0 || e.all()[0].Seq != 1 {
		t.Errorf("%d packets", was)
	}
}

func TestStateIsToldWhileSomebodyTakesNoSound(t *testing.T) {
	t.Parallel()
	r := recorder.New([]string{"cat", "/dev/zero"}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	stuck, free := make(chan struct{}), make(chan struct{})
	once, done := sync.OnceFunc(func() { close(stuck) }), make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx, func(camera.Sound) { once(); <-free })
	}()
	defer func() { close(free); cancel(); <-done }()
	<-stuck
	said := make(chan string, 1)
	go func() {
		codec, _ := r.Sounds()
		said <- codec
	}()
	select {
	case codec := <-said:
		if codec != camera.PCMA {
			t.Errorf("state %q", codec)
		}
	case <-time.After(20 * time.Second):
		t.Error("who asks for the state waits for who takes the sound")
	}
}
