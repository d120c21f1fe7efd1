package ring

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// wayIn is a centre that takes pieces at once, on the clock of the test.
type wayIn struct {
	have int64
	at   []time.Time
	most int64
}

func (w *wayIn) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodPut {
		w.have += int64(len(text))
		w.at, w.most = append(w.at, time.Now()), max(w.most, int64(len(text)))
	}
	answer, err := json.Marshal(wire.FilmTaken{Next: w.have})
	return &http.Response{StatusCode: http.StatusOK, Status: "200 " + strconv.Itoa(http.StatusOK), Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, err
}

// What is recorded goes up at the pace that is given to it, however much the link would carry, and at the slower one from
// the next piece on when pictures begin to be sent meanwhile.
func TestARecordingGoesUpAtItsPace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "1000-2000.mp4")
	const size = 8 * wire.MaxRingPiece
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		way := &wayIn{}
		fast, slow := int64(wire.MaxRingPiece), int64(wire.MaxRingPiece/4) // a piece in a second, or in four
		r := &Ring{o: Options{
			Log: slog.New(slog.DiscardHandler), Dir: dir, URL: "http://centre", Client: &http.Client{Transport: way},
			Level: func() wire.BudgetLevel { return wire.BudgetNormal },
			Rate: func() int64 {
				if len(way.at) > 4 {
					return slow
				}
				return fast
			},
		}}
		begun := time.Now()
		w := wire.RingFetch{ID: "w", Camera: "cam-1", URL: "/fill/w", Token: "t"}
		if err := r.film(t.Context(), w, piece{start: time.UnixMilli(1000), duration: 2 * time.Second, path: path}); err != nil {
			t.Fatal(err)
		}
		if way.have != size || way.most > wire.MaxRingPiece {
			t.Fatalf("%d of %d bytes came, %d at once", way.have, size, way.most)
		}
		for i, want := range []int{0, 1, 2, 3, 4, 8, 12, 16} {
			if got := way.at[i].Sub(begun); got != time.Duration(want)*time.Second {
				t.Errorf("piece %d came after %v, want %d s", i+1, got, want)
			}
		}
	})
}
