package harness

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/film"
)

// Recorded is how a camera is recorded.
type Recorded struct {
	Stream    string     `json:"stream"`
	Bytes     int64      `json:"bytes"`
	First     *time.Time `json:"first"`
	Last      *time.Time `json:"last"`
	Recording bool       `json:"recording"`
	Error     string     `json:"error"`
}

// Stretch is a span of a timeline that is recorded.
type Stretch struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Source string    `json:"source"`
}

// Segment is one file of a recording.
type Segment struct {
	ID     string    `json:"id"`
	Source string    `json:"source"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Film   time.Time `json:"film"`
	Bytes  int64     `json:"bytes"`
	Open   bool      `json:"open"`
}

// Record sets when a camera is recorded: off, always or alarm.
func (c *Client) Record(stream, mode string) error {
	return c.Call(http.MethodPut, "/recordings/"+stream+"/policy", map[string]any{"mode": mode, "keep_days": 7}, nil)
}

// Recorded is how a camera is recorded now.
func (c *Client) Recorded(stream string) (Recorded, error) {
	var all struct {
		Cameras []Recorded `json:"cameras"`
	}
	if err := c.Call(http.MethodGet, "/recordings", nil, &all); err != nil {
		return Recorded{}, err
	}
	for _, one := range all.Cameras {
		if one.Stream == stream {
			return one, nil
		}
	}
	return Recorded{}, fmt.Errorf("camera %s is not listed", stream)
}

// Timeline is what is recorded of a camera within from ≤ t < to.
func (c *Client) Timeline(stream string, from, to time.Time) ([]Stretch, error) {
	var line struct {
		Spans []Stretch `json:"spans"`
	}
	q := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	err := c.Call(http.MethodGet, "/recordings/"+stream+"/timeline?"+q.Encode(), nil, &line)
	return line.Spans, err
}

// Film is the file of a segment, as the player gets it.
type Film struct {
	Segment

	Text []byte
	Film film.Film
}

// Films are all segments of a camera within from ≤ t < to with their files.
func (c *Client) Films(stream string, from, to time.Time) ([]Film, error) {
	var play struct {
		ID    string `json:"id"`
		Reels []struct {
			Segments []Segment `json:"segments"`
		} `json:"reels"`
	}
	if err := c.Call(http.MethodPost, "/recordings/play", map[string]any{"streams": []string{stream}, "from": from.UTC(), "to": to.UTC()}, &play); err != nil {
		return nil, err
	}
	var out []Film
	for _, s := range play.Reels[0].Segments {
		answer, err := c.Do(http.MethodGet, "/api/v1/recordings/segments/"+s.ID+"?play="+play.ID, "", "", nil)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("read segment: %d %.200s: %w", answer.StatusCode, text, err)
		}
		f, err := film.Read(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return nil, fmt.Errorf("read segment %s: %w", s.ID, err)
		}
		out = append(out, Film{s, text, f})
	}
	return out, nil
}

// Clip is a file of a span of a recording, and what the centre says of it.
type Clip struct {
	SHA256    string  `json:"sha256"`
	Seconds   float64 `json:"seconds"`
	Name      string  `json:"name"`
	Stretches []struct {
		At       float64 `json:"at"` // seconds
		From, To time.Time
		Source   string
	} `json:"stretches"`
	Text []byte `json:"-"`
	Note string `json:"-"`
}

// Clip orders a span as a file, waits until it is made and takes it.
func (c *Client) Clip(t testing.TB, stream string, from, to time.Time) Clip {
	t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	if err := c.Call(http.MethodPost, "/clips", map[string]any{"stream": stream, "from": from.UTC(), "to": to.UTC(), "reference": "test"}, &made); err != nil {
		t.Fatal(err)
	}
	var one Clip
	WaitFor(t, 30*time.Second, "the clip is made", func() error {
		var list struct {
			Items []struct {
				ID, State, Trouble string
				Files              []Clip
			} `json:"items"`
		}
		if err := c.Call(http.MethodGet, "/clips", nil, &list); err != nil {
			return err
		}
		for _, l := range list.Items {
			if l.ID == made.ID && l.State == "made" && len(l.Files) == 1 {
				one = l.Files[0]
				return nil
			}
		}
		return fmt.Errorf("%+v", list.Items)
	})
	get := func(path string) []byte {
		answer, err := c.Do(http.MethodGet, "/api/v1/clips/"+made.ID+path, "", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("take clip: %d %.200s: %v", answer.StatusCode, text, err)
		}
		return text
	}
	one.Text, one.Note = get("/files/"+one.Name), string(get("/note"))
	return one
}
