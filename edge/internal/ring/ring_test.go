package ring_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/edge/internal/ring"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

// centre takes films as the centre does, and fails when it is told to.
type centre struct {
	*httptest.Server

	mu    sync.Mutex
	fail  int // requests that are answered with an error
	gone  bool
	films map[string][]byte
	said  map[string]wire.FilmOffered
	ended bool
	paths []string
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{films: map[string][]byte{}, said: map[string]wire.FilmOffered{}}
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(c.Close)
	return c
}

func (c *centre) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, _ := io.ReadAll(r.Body)
	c.paths = append(c.paths, r.Method+" "+r.URL.Path)
	switch {
	case c.gone || r.Header.Get("Authorization") != "Bearer t":
		w.WriteHeader(http.StatusNotFound)
		return
	case c.fail > 0:
		c.fail--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case strings.HasSuffix(r.URL.Path, "/end"):
		c.ended = true
		fmt.Fprint(w, `{"next":0}`)
		return
	}
	q := r.URL.Query()
	number := func(name string) int64 { n, _ := strconv.ParseInt(q.Get(name), 10, 64); return n }
	f := wire.FilmOffered{Start: number("start"), Duration: number("duration"), Size: number("size"), SHA256: q.Get("sha256"), Sound: number("sound")}
	c.said[f.SHA256] = f
	if r.Method == http.MethodPut && number("offset") == int64(len(c.films[f.SHA256])) {
		c.films[f.SHA256] = append(c.films[f.SHA256], text...)
	}
	_ = json.NewEncoder(w).Encode(wire.FilmTaken{Next: int64(len(c.films[f.SHA256]))})
}

type field struct {
	*ring.Ring
	dir  string
	stop func()
}

var errDisk = errors.New("no such disk")

func start(t *testing.T, dir, url string, quota int64, level wire.BudgetLevel, cam *cameratest.Camera) *field {
	t.Helper()
	return run(t, cam, ring.Options{Dir: dir, URL: url, Quota: quota, Level: func() wire.BudgetLevel { return level }, Free: func() (int64, error) { return 1 << 40, nil }, Spare: func() int64 { return 0 }})
}

// startOn records on a disk of which so much is to stay free.
func startOn(t *testing.T, dir, url string, cam *cameratest.Camera, spare int64, free func() (int64, error)) *field {
	t.Helper()
	return run(t, cam, ring.Options{Dir: dir, URL: url, Quota: 1 << 30, Level: func() wire.BudgetLevel { return wire.BudgetNormal }, Spare: func() int64 { return spare }, Free: free})
}

func run(t *testing.T, cam *cameratest.Camera, o ring.Options) *field {
	t.Helper()
	o.Log, o.Keep, o.Now, o.Client = slog.New(slog.DiscardHandler), time.Hour, time.Now, http.DefaultClient
	o.Cameras = []ring.Camera{{ID: "cam-1", Picture: camera.New(camera.Options{ID: "cam-1", URL: cam.URL, Sound: true}), Hears: true}}
	o.Rate, o.Changed = func() int64 { return 100 << 20 }, func() {}
	r := ring.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	f := &field{Ring: r, dir: o.Dir, stop: func() { cancel(); wg.Wait() }}
	t.Cleanup(f.stop)
	return f
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func (f *field) holds(d time.Duration) bool {
	s := f.States()[0]
	return s.To-s.From >= d.Milliseconds()
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "cam-1", "*.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRecordedIsSentWithItsHashAndGoesOnWhereItBroke(t *testing.T) {
	c, cam, normal := newCentre(t), cameratest.Start(t, ""), wire.BudgetNormal
	f := start(t, t.TempDir(), c.URL, 1<<30, normal, cam)
	eventually(t, "two seconds are recorded", func() bool { return f.holds(2 * time.Second) })
	s := f.States()[0]
	cam.Silence(true) // ends the file, so that nothing of the span is still growing
	eventually(t, "the file is closed", func() bool { return len(files(t, f.dir)) == 1 && closed(files(t, f.dir)[0]) })
	c.mu.Lock()
	c.fail = 1
	c.mu.Unlock()
	if err := f.Fetch(wire.RingFetch{ID: "w", Camera: "cam-1", From: s.From + 500, To: s.From + 1500, URL: "/fill/w", Token: "t"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is sent", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.ended })
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.films) != 1 {
		t.Fatalf("%d films, %v", len(c.films), c.paths)
	}
	for hash, text := range c.films {
		sum := sha256.Sum256(text)
		said := c.said[hash]
		got, err := film.Read(bytes.NewReader(text), int64(len(text)))
		if err != nil || hex.EncodeToString(sum[:]) != hash || said.Size != int64(len(text)) || said.Start != s.From {
			t.Errorf("%+v of %d bytes: %v", said, len(text), err)
		}
		if got.Duration.Milliseconds() != said.Duration || got.Duration < 2*time.Second {
			t.Errorf("lasts %s, said %d ms", got.Duration, said.Duration)
		}
	}
}

func TestOfAMinuteOnlyWhatIsMissingIsSent(t *testing.T) {
	c, cam, normal, dir := newCentre(t), cameratest.Start(t, ""), wire.BudgetNormal, t.TempDir()
	f := start(t, dir, c.URL, 1<<30, normal, cam)
	eventually(t, "six seconds are recorded", func() bool { return f.holds(6 * time.Second) })
	s := f.States()[0]
	cam.Silence(true)
	eventually(t, "the file is closed", func() bool { return len(files(t, f.dir)) == 1 && closed(files(t, f.dir)[0]) })
	info, err := os.Stat(files(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Fetch(wire.RingFetch{ID: "w", Camera: "cam-1", From: s.From + 3200, To: s.From + 4200, URL: "/fill/w", Token: "t"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is sent", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.ended })
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.films) != 1 {
		t.Fatalf("%d films, %v", len(c.films), c.paths)
	}
	for hash, text := range c.films {
		said := c.said[hash]
		got, err := film.Read(bytes.NewReader(text), int64(len(text)))
		if err != nil || !got.Parts[0].Key || got.Duration.Milliseconds() != said.Duration {
			t.Errorf("%+v: %v", said, err)
		}
		if begin, end := said.Start-s.From, said.Start-s.From+said.Duration; begin < 1000 || begin > 3200 || end < 4200 || end > 5300 {
			t.Errorf("%d to %d ms are sent for 3200 to 4200", begin, end)
		}
		if said.Size > info.Size()*2/3 {
			t.Errorf("%d of %d bytes are sent for a second of six", said.Size, info.Size())
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "cut-*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestRingThatWasKilledIsWholeUpToItsLastPart(t *testing.T) {
	cam, normal, dir := cameratest.Start(t, ""), wire.BudgetNormal, t.TempDir()
	f := start(t, dir, "http://127.0.0.1:1", 1<<30, normal, cam)
	eventually(t, "two seconds are recorded", func() bool { return f.holds(2 * time.Second) })
	open := files(t, dir)[0]
	text, err := os.ReadFile(open) // as a kill leaves it
	if err != nil {
		t.Fatal(err)
	}
	f.stop()
	for _, one := range files(t, dir) {
		_ = os.Remove(one)
	}
	if err := os.WriteFile(open, append(text, 0, 0, 9, 9, 'm', 'o', 'o'), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"5.mp4": "rubbish", "notes.txt": "x"} {
		if err := os.WriteFile(filepath.Join(dir, "cam-1", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cam.Silence(true)
	again := start(t, dir, "http://127.0.0.1:1", 1<<30, normal, cam)
	if s := again.States()[0]; s.To-s.From < 2000 || s.Bytes != int64(len(text)) {
		t.Errorf("holds %+v of %d bytes", s, len(text))
	}
	if left := files(t, dir); len(left) != 1 || !closed(left[0]) {
		t.Errorf("left %v", left)
	}
}

func TestOldestGoesWhenTheRingIsFull(t *testing.T) {
	cam, normal, dir := cameratest.Start(t, ""), wire.BudgetNormal, t.TempDir()
	f := start(t, dir, "http://127.0.0.1:1", 1<<30, normal, cam)
	for n := 1; n <= 2; n++ {
		eventually(t, "a second is recorded", func() bool { return len(files(t, dir)) == n && f.holds(time.Second) })
		cam.Cut() // each connection is a file
		eventually(t, "the file is closed", func() bool { return len(files(t, dir)) > n })
	}
	f.stop()
	before := files(t, dir)
	cut := start(t, dir, "http://127.0.0.1:1", 1, normal, cam)
	eventually(t, "the old ones went", func() bool {
		for _, old := range before {
			if _, err := os.Stat(old); err == nil {
				return false
			}
		}
		return cut.holds(time.Second)
	})
}

func TestSparedDataSendsNothingAndRefusalsEndIt(t *testing.T) {
	c, cam, level := newCentre(t), cameratest.Start(t, ""), wire.BudgetEco
	f := start(t, t.TempDir(), c.URL, 1<<30, level, cam)
	eventually(t, "a second is recorded", func() bool { return f.holds(time.Second) })
	s := f.States()[0]
	cam.Silence(true)
	w := wire.RingFetch{ID: "w", Camera: "cam-1", From: s.From, To: s.To, URL: "/fill/w", Token: "t"}
	for name, bad := range map[string]func(*wire.RingFetch){
		"another host": func(w *wire.RingFetch) { w.URL = "http://elsewhere/fill" }, "no camera": func(w *wire.RingFetch) { w.Camera = "cam-9" },
		"nothing": func(w *wire.RingFetch) { w.To = w.From },
	} {
		one := w
		bad(&one)
		if f.Fetch(one) == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for range 2 {
		if err := f.Fetch(w); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the file is closed", func() bool { l := files(t, f.dir); return len(l) == 1 && closed(l[0]) })
	c.mu.Lock()
	if len(c.paths) != 0 {
		t.Errorf("spared data: %v", c.paths)
	}
	c.mu.Unlock()
}

// closed reports whether the name of a file says how long it is.
func closed(file string) bool { return strings.Contains(filepath.Base(file), "-") }

// pictures are the files of pictures, closed or not.
func pictures(t *testing.T, dir string) (out []string) {
	t.Helper()
	for _, f := range files(t, dir) {
		if !strings.HasSuffix(f, ".sound.mp4") {
			out = append(out, f)
		}
	}
	return out
}

func TestSoundIsKeptBesideThePicturesAndSentWithThem(t *testing.T) {
	c, cam, dir := newCentre(t), cameratest.StartSound(t, "", &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}), t.TempDir()
	f := start(t, dir, c.URL, 1<<30, wire.BudgetNormal, cam)
	eventually(t, "six seconds are recorded", func() bool { return f.holds(6 * time.Second) })
	s := f.States()[0]
	cam.Silence(true)
	eventually(t, "the file is closed", func() bool { l := pictures(t, dir); return len(l) == 1 && closed(l[0]) })
	var bytesOf int64
	for _, one := range files(t, dir) {
		info, err := os.Stat(one)
		if err != nil {
			t.Fatal(err)
		}
		bytesOf += info.Size()
	}
	f.stop()
	f = start(t, dir, c.URL, 1<<30, wire.BudgetNormal, cam) // what was kept is found again
	if got := f.States()[0].Bytes; got != bytesOf {
		t.Errorf("%d bytes are said to be held, %d are", got, bytesOf)
	}
	ask := func(id string, sound bool, from, to int64) (wire.FilmOffered, []byte) {
		t.Helper()
		c.mu.Lock()
		c.ended, c.films, c.said = false, map[string][]byte{}, map[string]wire.FilmOffered{}
		c.mu.Unlock()
		if err := f.Fetch(wire.RingFetch{ID: id, Camera: "cam-1", From: s.From + from, To: s.From + to, URL: "/fill/" + id, Token: "t", Sound: sound}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "all is sent", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.ended })
		c.mu.Lock()
		defer c.mu.Unlock()
		for hash, text := range c.films {
			sum := sha256.Sum256(text)
			if said := c.said[hash]; len(c.films) == 1 && hex.EncodeToString(sum[:]) == hash && said.Size == int64(len(text)) {
				return said, text
			}
		}
		t.Fatalf("%d films are sent, or other bytes than said", len(c.films))
		return wire.FilmOffered{}, nil
	}
	for id, span := range map[string][2]int64{"a": {0, 5900}, "b": {3200, 4200}} {
		said, text := ask(id, true, span[0], span[1])
		shown := int64(len(text)) - said.Sound
		got, err := film.Read(bytes.NewReader(text[:shown]), shown)
		if err != nil || got.Duration.Milliseconds() != said.Duration {
			t.Fatalf("%+v: %v", said, err)
		}
		heard, err := film.ReadSound(bytes.NewReader(text[shown:]), said.Sound)
		if err != nil || heard.Codec != "flac" || heard.Size != said.Sound || (heard.Duration-got.Duration).Abs() > 500*time.Millisecond || heard.Parts[0].Time > 300*time.Millisecond {
			t.Errorf("sound of %s beside pictures of %s: %v", heard.Duration, got.Duration, err)
		}
	}
	if said, text := ask("c", false, 0, 5900); said.Sound != 0 {
		t.Errorf("sound that nobody asked for is sent: %+v of %d bytes", said, len(text))
	}
	// What goes takes its sound along, and sound without pictures is of no use.
	f.stop()
	if err := os.WriteFile(filepath.Join(dir, "cam-1", "7.sound.mp4"), []byte("left"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	cut := start(t, dir, c.URL, 1, wire.BudgetNormal, cam)
	cam.Silence(false)
	eventually(t, "the old ones went", func() bool {
		for _, old := range before {
			if _, err := os.Stat(old); err == nil {
				return false
			}
		}
		return cut.holds(time.Second)
	})
}
