package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/harness"
)

const grayWide, grayHigh = 640, 360

// grays are the pictures of a film at two moments, one after the other, in shades of gray of one size.
func grays(t *testing.T, text []byte, at ...string) (out [][]byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, one := range at {
		raw, err := exec.CommandContext(t.Context(), testserver.Program(t, "ffmpeg"), "-nostdin", "-v", "error", "-ss", one, "-i", path, "-frames:v", "1",
			"-vf", fmt.Sprintf("scale=%d:%d", grayWide, grayHigh), "-f", "rawvideo", "-pix_fmt", "gray", "-").Output()
		if err != nil || len(raw) != grayWide*grayHigh {
			t.Fatalf("picture at %s: %d bytes, %v", one, len(raw), err)
		}
		out = append(out, raw)
	}
	return out
}

// apart is by how much two pictures differ in a part of them, on average.
func apart(a, b []byte, x0, x1, y0, y1 int) float64 {
	sum := 0
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			d := int(a[y*grayWide+x]) - int(b[y*grayWide+x])
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64((x1-x0)*(y1-y0))
}

// The time stands in the pictures of the copy that the console hands out, below left, and nothing else of the picture
// is changed; a second later another time stands there.
func TestTheTimeStandsInThePicturesOfAClip(t *testing.T) {
	p := harness.Build(t)
	ffmpeg := testserver.Program(t, "ffmpeg")
	d := &desk{field: harness.StartField(t, p, station), centre: harness.NewCentre(t, p, harness.CentreOptions{Extra: "recording:\n  burn: " + ffmpeg + "\n  watermark: 南通\n"})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-burn", d.link.Addr())
	d.centre.EnrolEdge(t, "edge-burn", d.edge.Config)
	d.edge.Start(t)
	d.known(t)
	if err := d.centre.Admin.Record("rd-cam-1", "always"); err != nil {
		t.Fatal(err)
	}
	last := recordedFor(t, d, "rd-cam-1", 6*time.Second)
	var made struct{ ID string }
	order := map[string]any{"stream": "rd-cam-1", "from": last.Add(-5 * time.Second), "to": last.Add(-time.Second), "reference": "2026-0001", "burn": true}
	if err := d.centre.Admin.Call(http.MethodPost, "/clips", order, &made); err != nil {
		t.Fatal(err)
	}
	names, sums := map[bool]string{}, map[bool]string{}
	harness.WaitFor(t, 3*soon, "the clip is made with the time in it", func() error {
		var list harness.List[struct {
			ID, State, Trouble string
			Files              []struct {
				Name, SHA256 string
				Burned       bool
			}
		}]
		if err := d.centre.Admin.Call(http.MethodGet, "/clips", nil, &list); err != nil {
			return err
		}
		for _, c := range list.Items {
			if c.ID == made.ID && c.State == "made" && c.Trouble == "" && len(c.Files) == 2 {
				for _, f := range c.Files {
					names[f.Burned], sums[f.Burned] = f.Name, f.SHA256
				}
				return nil
			}
		}
		return fmt.Errorf("%+v", list.Items)
	})
	get := func(path string) []byte {
		answer, err := d.centre.Admin.Do(http.MethodGet, "/api/v1/clips/"+made.ID+path, "", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("take the clip: %d, %v", answer.StatusCode, err)
		}
		return text
	}
	// Both copies are what the list and the note beside them say, the one that is handed on above all.
	note := string(get("/note"))
	take := func(burned bool) []byte {
		text := get("/files/" + names[burned])
		sum := sha256.Sum256(text)
		if is := hex.EncodeToString(sum[:]); sums[burned] != is || !strings.Contains(note, is+"  "+names[burned]) {
			t.Errorf("%s is %s, the list says %q, the note:\n%s", names[burned], is, sums[burned], note)
		}
		return text
	}
	plain, burned := grays(t, take(false), "0.5", "1.5"), grays(t, take(true), "0.5", "1.5")
	for i := range plain {
		below := apart(plain[i], burned[i], 0, grayWide/3, grayHigh*9/10, grayHigh)
		middle := apart(plain[i], burned[i], 0, grayWide, grayHigh/4, grayHigh*3/4)
		if below < 20 || middle > 8 {
			t.Errorf("picture %d: %.1f apart where the time stands, %.1f in the middle", i, below, middle)
		}
	}
}
