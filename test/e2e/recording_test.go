package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/harness"
	"github.com/fengsui/fengsui/test/sim/camera"
)

// recordedFor waits until so much more of a camera is recorded, and returns the newest moment that is.
func recordedFor(t *testing.T, d *desk, stream string, more time.Duration) time.Time {
	t.Helper()
	var first, last time.Time
	harness.WaitFor(t, soon, "the camera is recorded", func() error {
		got, err := d.centre.Admin.Recorded(stream)
		if err != nil {
			return err
		}
		if !got.Recording || got.Last == nil {
			return fmt.Errorf("not recording: %s", got.Error)
		}
		if last = *got.Last; first.IsZero() {
			first = last
		}
		if last.Sub(first) < more {
			return fmt.Errorf("%s more", last.Sub(first))
		}
		return nil
	})
	return last
}

// plays has ffmpeg decode a film to its end.
func plays(t *testing.T, f harness.Film) {
	t.Helper()
	decodes(t, fmt.Sprintf("the film of %s to %s", f.From, f.To), f.Text)
}

func decodes(t *testing.T, what string, text []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// In the film's own time base: a terminal that comes back sends what it has since its last key frame a millisecond
	// apart, which is one and the same moment in ticks of 20 pictures a second.
	cmd := exec.CommandContext(t.Context(), testserver.Program(t, "ffmpeg"), "-v", "error", "-i", path, "-enc_time_base", "-1", "-f", "null", "-")
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil || out.Len() > 0 {
		t.Errorf("ffmpeg does not play %s: %v %s", what, err, out.String())
	}
}

// pictures are the slices of a film in Annex B that begin a picture, and how many there are since its last key frame.
func pictures(t *testing.T, text []byte) (list [][]byte, sinceKey int) {
	t.Helper()
	all, err := units(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range all {
		if kind := u[0] & 0x1f; (kind != 1 && kind != 5) || len(u) < 2 || u[1]&0x80 == 0 {
			continue
		}
		if sinceKey++; u[0]&0x1f == 5 {
			sinceKey = 1
		}
		list = append(list, u)
	}
	return list, sinceKey
}

// coded are the pictures of a film that the centre keeps.
func coded(t *testing.T, f harness.Film) [][]byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, f.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), testserver.Program(t, "ffmpeg"), "-nostdin", "-v", "error", "-i", path, "-c:v", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	list, _ := pictures(t, text)
	return list
}

// lacking is by how many pictures a film ends before what a viewer saw until the same moment, which began with a key
// frame. The clip comes again after twelve seconds, so that the nearest of its places counts; a film without that key
// frame lacks all.
func lacking(film, seen [][]byte) int {
	n := len(seen)
	for from := range film {
		if !bytes.Equal(film[from], seen[0]) {
			continue
		}
		if d := len(seen) - (len(film) - from); max(d, -d) < max(n, -n) {
			n = d
		}
	}
	return n
}

const (
	sluiceRate = 20 // pictures a second of the clip, with a key frame every four seconds
	// killAt is when the blow falls, counted from a key frame: what is written in parts of a second lacks 15 pictures
	// then, and what waits for the next key frame all of them.
	killAt = 55
)

func TestKilledCentreLosesAtMostTheLastSecondOfARecording(t *testing.T) {
	t.Parallel()
	d := newDesk(t, station)
	begun := time.Now()
	if err := d.centre.Admin.Record("rd-cam-1", "always"); err != nil {
		t.Fatal(err)
	}
	last := recordedFor(t, d, "rd-cam-1", 3*time.Second)
	v := d.centre.Admin.Watch(t, "rd-cam-1")
	v.Keep()
	harness.WaitFor(t, soon, "the moment between two key frames comes", func() error {
		text, _ := v.Film()
		if list, n := pictures(t, text); len(list) == 0 || n < killAt {
			return fmt.Errorf("%d pictures since a key frame", n)
		}
		return nil
	})
	d.centre.Kill9()
	text, _ := v.Film()
	d.centre.Restart(t)
	spans, err := d.centre.Admin.Timeline("rd-cam-1", begun.Add(-time.Minute), time.Now())
	if err != nil || len(spans) == 0 {
		t.Fatalf("nothing is left: %v", err)
	}
	// What the page was told is what the disk had.
	if spans[0].To.Before(last) {
		t.Errorf("of what stood until %s the kill left what stands until %s", last, spans[0].To)
	}
	recordedFor(t, d, "rd-cam-1", 2*time.Second)
	films, err := d.centre.Admin.Films("rd-cam-1", begun.Add(-time.Minute), time.Now())
	if err != nil || len(films) < 2 {
		t.Fatalf("%d films: %v", len(films), err)
	}
	seen, _ := pictures(t, text)
	if n := lacking(coded(t, films[0]), seen); n > sluiceRate+1 {
		t.Errorf("of %d pictures that a viewer saw until the kill the recording lacks %d, at most %d", len(seen), n, sluiceRate+1)
	}
	for i, f := range films {
		plays(t, f)
		if i > 0 && f.From.Before(films[i-1].To) {
			t.Errorf("two films show %s", f.From)
		}
	}
	// Whoever records needs no viewer; when it ends, so does the stream.
	if err := d.centre.Admin.Record("rd-cam-1", "off"); err != nil {
		t.Fatal(err)
	}
	live := d.centre.Admin.Live(t)
	harness.WaitFor(t, 30*time.Second, "the terminal has stopped sending", func() error {
		return errors.Join(want(sending(t, d.edge), 0), want(live.Stream("rd-cam-1").State, "idle"))
	})
}

func TestTerminalFillsWhatTheCentreCouldNotRecord(t *testing.T) {
	t.Parallel()
	d := &desk{}
	p := harness.Build(t)
	d.field, d.centre = harness.StartField(t, p, strings.Replace(station, "sluice.h264}", "sluice.h264, sound: true}", 1)), harness.NewCentre(t, p, harness.CentreOptions{})
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	text, err := os.ReadFile(d.edge.Config)
	if err == nil {
		text = bytes.Replace(text, []byte(", rtsp: "), []byte(", sound: true, rtsp: "), 1)
		err = os.WriteFile(d.edge.Config, append(text, "\nring:\n  quota_mb: 512\n  mute: false\n  upload_kbps: 100000\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	d.centre.EnrolEdge(t, d.edge.ID, d.edge.Config)
	d.edge.Start(t)
	d.known(t)
	begun := time.Now()
	if err := d.centre.Admin.Record("rd-cam-1", "always"); err != nil {
		t.Fatal(err)
	}
	// The centre is away for a while; the terminal is killed at the end of it, with its recording open.
	last := recordedFor(t, d, "rd-cam-1", 2*time.Second)
	d.centre.Kill9()
	harness.WaitFor(t, soon, "the terminal goes on by itself", func() error {
		if away := time.Since(last); away < 16*time.Second {
			return fmt.Errorf("for %s", away)
		}
		return nil
	})
	d.edge.Kill9()
	d.edge.Start(t)
	d.centre.Restart(t)
	recordedFor(t, d, "rd-cam-1", 2*time.Second)
	harness.WaitFor(t, 2*soon, "the terminal has filled the gap", func() error {
		spans, err := d.centre.Admin.Timeline("rd-cam-1", begun, time.Now())
		if err != nil {
			return err
		}
		for _, s := range spans {
			if s.Source == "edge" && s.To.Sub(s.From) > 4*time.Second {
				return nil
			}
		}
		return fmt.Errorf("%+v", spans)
	})
	films, err := d.centre.Admin.Films("rd-cam-1", begun, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range films {
		plays(t, f)
		if i > 0 && f.From.Before(films[i-1].To) {
			t.Errorf("two films show %s", f.From)
		}
	}
	// What is handed on joins what both recorded.
	clip := d.centre.Admin.Clip(t, "rd-cam-1", films[0].From, films[len(films)-1].To)
	sum := sha256.Sum256(clip.Text)
	if hex.EncodeToString(sum[:]) != clip.SHA256 || !strings.Contains(clip.Note, clip.SHA256+"  "+clip.Name) || !strings.Contains(clip.Note, "recorded at the terminal") {
		t.Errorf("the note of the clip is not true:\n%s", clip.Note)
	}
	if clip.Seconds < 8 {
		t.Errorf("the clip lasts %.1f s", clip.Seconds)
	}
	decodes(t, "the clip", clip.Text)
	inStep(t, clip, films)
}

// inStep looks whether the tone of the simulated camera is heard with the picture with which it begins, in what the
// terminal recorded as well.
func inStep(t *testing.T, clip harness.Clip, films []harness.Film) {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	shown, err := camera.Load(filepath.Join(root, "test/clips/sluice.h264"))
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, u := range shown.Units[0] {
		size += 4 + len(u)
	}
	path := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(path, clip.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := exec.CommandContext(t.Context(), testserver.Program(t, "ffprobe"), "-loglevel", "fatal", "-select_streams", "v", "-show_entries", "packet=pts_time,size", "-of", "csv=p=0", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	pcm, err := exec.CommandContext(t.Context(), testserver.Program(t, "ffmpeg"), "-loglevel", "fatal", "-i", path, "-vn", "-af", "aresample=async=1:first_pts=0", "-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1").Output()
	if err != nil {
		t.Fatal(err)
	}
	loud := func(at float64) bool { // for at least half of a tenth of a second
		n := 0
		for i := max(0, int(at*8000)); i < int((at+0.1)*8000) && 2*i+1 < len(pcm); i++ {
			if v := int16(binary.LittleEndian.Uint16(pcm[2*i:])); v > 8000 || v < -8000 { //nolint:gosec // a sample
				n++
			}
		}
		return n > 400
	}
	seen := 0
	for line := range strings.Lines(string(list)) {
		var at float64
		var n int
		if _, err := fmt.Sscanf(strings.TrimSpace(line), "%f,%d", &at, &n); err != nil || n != size {
			continue
		}
		for _, s := range clip.Stretches {
			if s.Source == "edge" && at > s.At+0.5 && at+1 < s.At+s.To.Sub(s.From).Seconds() {
				seen++
				if loud(at-0.2) || !loud(at+0.15) || loud(at+0.6) {
					t.Errorf("the tone of the picture at %.2f s of the clip is not heard with it", at)
				}
			}
		}
	}
	if seen == 0 {
		t.Errorf("the beginning of the clip is nowhere in what the terminal recorded: %d films, %s", len(films), list)
	}
}
