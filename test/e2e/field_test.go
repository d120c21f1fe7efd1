package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// phone is whoever holds a link, without an account: a program that shares no code with the page.
type phone struct {
	t             *testing.T
	centre        *harness.Centre
	http          http.Client
	stream, token string
	whip          string
}

// do sends one request with the token of the link; the answer's status is told, also when nobody answers (0).
func (p *phone) do(method, path, kind string, body []byte, out any) (status int, err error) {
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.centre.URL+"/api/v1/field/"+p.stream+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Fengsui-Link", p.token)
	answer, err := p.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%d: %.300s", answer.StatusCode, text)
	} else if err == nil && out != nil {
		err = json.Unmarshal(text, out)
	}
	return answer.StatusCode, err
}

// untilTaken sends the same again until it is taken in, as the page does over a dead centre.
func (p *phone) untilTaken(what, method, path, kind string, body []byte, out any) {
	p.t.Helper()
	harness.WaitFor(p.t, 3*soon, what+" is taken in", func() error {
		_, err := p.do(method, path, kind, body, out)
		return err
	})
}

func (p *phone) json(v any) []byte {
	p.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// photo is one with a place in its Exif, larger than one part.
func photo(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for y := range 480 {
		for x := range 640 {
			m.Set(x, y, color.RGBA{uint8(x * y), uint8(x ^ y), uint8(x + y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	return bytes.Join([][]byte{raw[:2], []byte("\xff\xe1\x00\x15Exif\x00\x00GPS 32.33 121"), raw[2:]}, nil)
}

const partSize = 64 << 10

// part sends the part of a picture that begins at a place and answers how much is there.
func (p *phone) part(key string, all []byte, at int) (have int, err error) {
	sum := sha256.Sum256(all)
	path := fmt.Sprintf("/photos/%s?at=%d&size=%d&sum=%s", key, at, len(all), hex.EncodeToString(sum[:]))
	var got struct {
		Have int
		Type string
	}
	_, err = p.do(http.MethodPut, path, "application/octet-stream", all[at:min(at+partSize, len(all))], &got)
	if err == nil && got.Have == len(all) && got.Type != "image/jpeg" {
		err = fmt.Errorf("it is whole and %q", got.Type)
	}
	return got.Have, err
}

// A crew with a phone sends its picture by WHIP, words, a photo and places, each of them twice, while the centre is
// killed in between: nothing is lost and nothing is there twice. A link that is ended opens nothing.
func TestAPhonesReportsOutliveTheDeathOfTheCentreOnceEach(t *testing.T) {
	centre := harness.StartCentre(t, harness.Build(t), harness.CentreOptions{})
	var opened struct{ ID string }
	if err := centre.Admin.Call(http.MethodPost, "/incidents", map[string]any{"title": "海堤渗水", "category": "natural.flood", "place": "洋口外闸北侧", "level": 4, "lon": 120.9, "lat": 32.5}, &opened); err != nil {
		t.Fatal(err)
	}
	share := func(title string) *phone {
		var made struct {
			Link  struct{ ID, Stream string }
			Token string
			URL   string
		}
		body := map[string]any{"action": "publish", "title": title, "hours": 8, "incident_id": opened.ID}
		if err := centre.Admin.Call(http.MethodPost, "/video-links", body, &made); err != nil {
			t.Fatal(err)
		}
		return &phone{t: t, centre: centre, http: http.Client{Timeout: 20 * time.Second}, stream: made.Link.Stream, token: made.Token, whip: made.URL}
	}
	p := share("抢险一队手机")

	// The picture: a plain program sends it, the desk sees it, also after the centre has died.
	nobody := harness.NewClient(t, centre.URL)
	camera, err := film(nobody, p.whip, p.token, "harbour.h264")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = camera.Close() })
	flowing(t, centre.Admin.Watch(t, p.stream), 40)
	var refused *harness.ProblemError
	if _, err := film(nobody, p.whip, p.token, "harbour.h264"); !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		t.Errorf("a second sender: %v", err)
	}

	// A photo in parts, killed after each answer of the first half: what the phone does not know it sends again.
	all := photo(t)
	if len(all) < 3*partSize {
		t.Fatalf("the photo has %d bytes", len(all))
	}
	now := time.Now()
	note := p.json(map[string]any{"key": "n1", "kind": "note", "at": now, "sent_at": now, "text": "渗水点扩大", "lon": 120.91, "lat": 32.51, "photos": []string{"p1"}})
	places := p.json(map[string]any{"fixes": []any{
		map[string]any{"at": now.Add(-time.Second), "lon": 120.910, "lat": 32.510, "accuracy_m": 8.0, "battery": 61.0},
		map[string]any{"at": now, "lon": 120.911, "lat": 32.511, "accuracy_m": 8.0, "battery": 60.0},
	}})
	again := 0
	for have := 0; have < len(all); {
		harness.WaitFor(t, 3*soon, "a part of the photo is taken in", func() (err error) {
			have, err = p.part("p1", all, have)
			return err
		})
		if _, err := p.part("p1", all, 0); err != nil { // its answer was lost
			t.Fatalf("the first part again: %v", err)
		}
		if again++; again == 2 {
			centre.Kill9()
			if _, err := p.part("p1", all, have); err == nil {
				t.Fatal("a dead centre took a part in")
			}
			centre.Restart(t)
		}
	}
	// The note and the places are on their way while the centre dies; nobody knows what of it has come.
	for _, one := range []struct {
		what, path string
		body       []byte
	}{{"the note", "/entries", note}, {"places", "/positions", places}} {
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for range 3 {
				_, _ = p.do(http.MethodPost, one.path, "application/json", one.body, nil) // it may be lost
			}
		}()
		centre.Kill9()
		<-sent
		centre.Restart(t)
		for range 2 {
			p.untilTaken(one.what, http.MethodPost, one.path, "application/json", one.body, nil)
		}
	}

	var scene harness.List[struct {
		ID, Key, Text string
		Photos        []string
		Lon, Lat      *float64
	}]
	if err := centre.Admin.Call(http.MethodGet, "/incidents/"+opened.ID+"/scene", nil, &scene); err != nil {
		t.Fatal(err)
	}
	if len(scene.Items) != 1 || scene.Items[0].Text != "渗水点扩大" || len(scene.Items[0].Photos) != 1 || scene.Items[0].Lon == nil {
		t.Fatalf("scene %+v", scene.Items)
	}
	answer, err := centre.Admin.Do(http.MethodGet, "/api/v1/incidents/"+opened.ID+"/scene/"+scene.Items[0].ID+"/photos/p1", "", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	shown, wrong := jpeg.Decode(bytes.NewReader(kept))
	if err != nil || wrong != nil || shown.Bounds().Dx() != 640 || bytes.Contains(kept, []byte("GPS")) {
		t.Errorf("photo: %d of %d bytes, %v, %v", len(kept), len(all), err, wrong)
	}
	harness.WaitFor(t, soon, "each place is there once", func() error {
		rows, err := centre.Admin.Readings(p.stream+"/lat", now.Add(-time.Minute), now.Add(time.Minute))
		if err == nil && len(rows) != 2 {
			err = fmt.Errorf("%d places: %+v", len(rows), rows)
		}
		return err
	})
	var room struct {
		Steps []struct{ Kind string } `json:"steps"`
	}
	if err := centre.Admin.Call(http.MethodGet, "/incidents/"+opened.ID, nil, &room); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, l := range room.Steps {
		if l.Kind == "field" {
			lines++
		}
	}
	if lines != 1 {
		t.Errorf("%d lines of the scene in the timeline", lines)
	}

	// The picture comes back by the same link, and ends with it; the token of another link opens nothing here.
	if err := camera.Close(); err != nil {
		t.Log("the session died with the centre:", err)
	}
	if camera, err = film(nobody, p.whip, p.token, "sluice.h264"); err != nil {
		t.Fatal(err)
	}
	flowing(t, centre.Admin.Watch(t, p.stream), 20)
	other := share("另一部手机")
	forged := *p
	forged.token = other.token
	if status, err := forged.do(http.MethodGet, "", "", nil, nil); status != http.StatusUnauthorized && status != http.StatusForbidden {
		t.Errorf("the token of another link: %v", err)
	}
	var links harness.List[struct{ ID, Stream string }]
	if err := centre.Admin.Call(http.MethodGet, "/video-links", nil, &links); err != nil {
		t.Fatal(err)
	}
	for _, l := range links.Items {
		if l.Stream == p.stream {
			if err := centre.Admin.Call(http.MethodDelete, "/video-links/"+l.ID, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	late := p.json(map[string]any{"key": "n2", "kind": "note", "at": time.Now(), "sent_at": time.Now(), "text": "之后"})
	if status, err := p.do(http.MethodPost, "/entries", "application/json", late, nil); status != http.StatusUnauthorized {
		t.Errorf("a note by an ended link: %v", err)
	}
	if _, err := film(nobody, p.whip, p.token, "harbour.h264"); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("a picture by an ended link: %v", err)
	}
}
