package field_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/video"
)

func note(key, text string, ago time.Duration) field.Draft {
	now := time.Now()
	return field.Draft{Key: key, Kind: field.Note, Text: text, At: now.Add(-ago), SentAt: now}
}

func picture(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 7)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// send sends a picture in parts of a size, each of them twice, as a phone does whose answers are lost.
func (h *house) send(key string, all []byte, part int) (p field.Photo, err error) {
	sum := sha256.Sum256(all)
	for at := 0; at < len(all); at += part {
		one := field.Part{Key: key, At: at, Size: len(all), Sum: hex.EncodeToString(sum[:]), Bytes: all[at:min(at+part, len(all))]}
		for range 2 {
			if p, err = h.Part(h.t.Context(), h.link.Token, h.link.Link.Stream, one); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

func TestWhatAPhoneSendsIsKeptOnceHoweverOftenItComes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var wg sync.WaitGroup
		for range 8 {
			for n := range 5 {
				wg.Go(func() {
					if _, err := h.enter(note(fmt.Sprintf("k%d", n), fmt.Sprintf("第%d条", n), 0)); err != nil && !strings.Contains(err.Error(), "under this key") {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if got := h.lines(); len(got) != 5 {
			t.Fatalf("%d lines: %+v", len(got), got)
		}
		list, err := h.Scene(h.officer, h.incident.ID)
		h.must(err)
		if len(list) != 5 || list[0].ByName != "抢险一队手机" || list[0].Retrospective {
			t.Errorf("scene %+v", list)
		}
	})
}

func TestTheSameComesBackAsKnownAndAnotherUnderItsKeyIsRefused(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	d := note("k1", "水位下降", time.Minute)
	first, err := h.enter(d)
	h.must(err)
	d.SentAt = d.SentAt.Add(time.Hour) // sent again later
	again, err := h.enter(d)
	h.must(err)
	if first.Known || !again.Known || again.ID != first.ID || !again.At.Equal(first.At) {
		t.Errorf("first %+v again %+v", first, again)
	}
	d.Text = "水位上升"
	if _, err := h.enter(d); errs.KindOf(err) != errs.Conflict {
		t.Errorf("another text under the key: %v", err)
	}
}

func TestWhatComesLateStandsAtItsOwnTimeAndAWrongClockDoesNoHarm(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.made(time.Now().Add(-100*time.Hour), time.Now().Add(time.Hour))
		now := time.Now()
		wrong := 400 * 24 * time.Hour // the phone believes in another year
		got, err := h.enter(field.Draft{Key: "late", Kind: field.Note, Text: "断网时写下", At: now.Add(wrong - 70*time.Hour), SentAt: now.Add(wrong)})
		h.must(err)
		want := now.Add(-70 * time.Hour)
		if got.At.Sub(want).Abs() > time.Minute || !got.Retrospective || time.Duration(got.OffsetMS)*time.Millisecond < wrong-time.Minute {
			t.Errorf("entry %+v, want at %s", got, want)
		}
		if got.PhoneAt.Sub(now.Add(wrong-70*time.Hour)).Abs() > time.Minute {
			t.Errorf("the phone's own time is %s", got.PhoneAt)
		}
		l := h.lines()
		if len(l) != 1 || l[0].At.Sub(want).Abs() > time.Minute || l[0].ReceivedAt.Before(now.Add(-time.Minute)) {
			t.Errorf("timeline %+v", l)
		}
		// A clock that was set back between writing and sending cannot be mended: it lies in no future.
		got, err = h.enter(field.Draft{Key: "future", Kind: field.Note, Text: "x", At: now.Add(time.Hour), SentAt: now})
		h.must(err)
		if got.At.After(time.Now()) {
			t.Errorf("in the future: %s", got.At)
		}
	})
}

func TestWhatWasWrittenBeforeTheLinkExpiredIsTakenInForThreeDays(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.expired(71 * time.Hour)
	if got, err := h.enter(note("before", "到期前", 72*time.Hour)); err != nil || !got.Retrospective {
		t.Errorf("written before: %+v %v", got, err)
	}
	if _, err := h.enter(note("after", "到期后", time.Hour)); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("written after: %v", err)
	}
	if p, err := h.Open(t.Context(), h.link.Token, h.link.Link.Stream); err != nil || p.Incident != nil || len(p.Tasks) != 0 || p.Expires.After(time.Now()) {
		t.Errorf("the page of an expired link: %+v %v", p, err)
	}
	h.expired(73 * time.Hour)
	if _, err := h.enter(note("late", "太晚", 74*time.Hour)); errs.KindOf(err) != errs.Unauthenticated || !strings.Contains(err.Error(), "72 hours") {
		t.Errorf("after three days: %v", err)
	}
	n, err := h.Service.Keep(t.Context(), h.link.Token, h.link.Link.Stream, []field.Fix{{At: time.Now().Add(-74 * time.Hour), Lon: 121, Lat: 32}})
	if errs.KindOf(err) != errs.Unauthenticated || n != 0 {
		t.Errorf("places after three days: %d %v", n, err)
	}
}

// A link that is ended in the ordinary way still lets in what its phone wrote before: words, a picture, places; and shows
// nothing, carries no picture, and what is written after stays out. Ended at once, nothing comes.
func TestWhatWasWrittenBeforeTheEndOfALinkStillComes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, k, stream := t.Context(), h.link.Token, h.link.Link.Stream
		draft := func(key string, at time.Time) field.Draft {
			return field.Draft{Key: key, Kind: field.Note, Text: "x", At: at, SentAt: time.Now()}
		}
		before := time.Now()
		fix := field.Fix{At: before, Lon: 121, Lat: 32}
		h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, true))
		l, err := h.links.VideoLink(ctx, h.link.Link.ID)
		h.must(err)
		if l.LateUntil == nil || l.LateUntil.Sub(*l.EndedAt) != 72*time.Hour {
			t.Fatalf("ended %+v", l)
		}
		d := draft("before", before)
		d.Photos = []string{"p1"}
		_, err = h.send("p1", picture(t), field.MaxPart)
		h.must(err)
		got, err := h.enter(d)
		if err != nil || !got.AfterEnd {
			t.Errorf("written before: %+v %v", got, err)
		}
		if n, err := h.Service.Keep(ctx, k, stream, []field.Fix{fix, {At: l.EndedAt.Add(time.Millisecond), Lon: 121, Lat: 32}}); err != nil || n != 1 {
			t.Errorf("places: %d %v", n, err)
		}
		if _, err := h.enter(draft("after", l.EndedAt.Add(time.Second))); codeOf(err) != "video.link_ended" {
			t.Errorf("written after: %v", err)
		}
		p, err := h.Open(ctx, k, stream)
		if err != nil || !p.Ended || p.Incident != nil || len(p.Tasks) != 0 || !p.Until.Equal(*l.LateUntil) {
			t.Errorf("page %+v %v", p, err)
		}
		for what, err := range map[string]error{
			"its picture": second(h.pictures.Publish(ctx, k, stream, "v=0", false)), "whether it is wanted": second(h.Listen(ctx, k, stream, field.Heard{Wanted: true})), "its tasks": second(h.Lines(ctx, k, stream, h.task.ID)),
		} {
			if errs.KindOf(err) != errs.Unauthenticated {
				t.Errorf("%s: %v", what, err)
			}
		}
		// The desk ends it at once after all, and that once more changes nothing.
		for range 2 {
			h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, false))
			if _, err := h.enter(draft("again", before)); codeOf(err) != "video.link_ended" {
				t.Errorf("ended at once: %v", err)
			}
		}
		h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, true))
		if _, err := h.enter(draft("again", before)); codeOf(err) != "video.link_ended" {
			t.Errorf("what was ended at once came open again: %v", err)
		}
	})
}

func TestAnExpiredLinkIsEndedAtOnceToo(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.expired(time.Hour)
	// Its end gives it no longer than it had.
	h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, true))
	l, err := h.links.VideoLink(t.Context(), h.link.Link.ID)
	h.must(err)
	if l.LateUntil == nil || l.LateUntil.Sub(l.ExpiresAt) != 72*time.Hour {
		t.Errorf("ended after it had expired: %+v", l)
	}
	if _, err := h.enter(note("before", "x", 2*time.Hour)); err != nil {
		t.Errorf("written before: %v", err)
	}
	h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, false))
	if _, err := h.enter(note("more", "x", 2*time.Hour)); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("ended at once: %v", err)
	}
}

func TestALinkFollowsItsIncidentWhereThatWasMerged(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		into, err := h.incidents.Open(h.officer, incident.Draft{Title: "长江大堤险情", Category: "natural.flood", Place: "洋口镇"})
		h.must(err)
		h.must(second(h.incidents.Merge(h.officer, h.incident.ID, into.ID)))
		p, err := h.Open(t.Context(), h.link.Token, h.link.Link.Stream)
		if err != nil || p.Incident == nil || p.Incident.No != into.No || !p.Incident.Open {
			t.Errorf("page %+v %v", p, err)
		}
		got, err := h.enter(note("k", "合并后", 0))
		if err != nil || got.IncidentID != into.ID || len(h.lines()) != 0 {
			t.Errorf("entry %+v %v, old timeline %+v", got, err, h.lines())
		}
		list, err := h.Scene(h.officer, into.ID)
		if err != nil || len(list) != 1 {
			t.Errorf("scene %+v %v", list, err)
		}
		// It goes back with its incident.
		h.must(second(h.incidents.Unmerge(h.officer, h.incident.ID, "误合并")))
		if got, err := h.enter(note("k2", "拆回后", 0)); err != nil || got.IncidentID != h.incident.ID {
			t.Errorf("entry %+v %v", got, err)
		}
	})
}

// codeOf is the code of an error that a person can act on.
func codeOf(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestALinkThatWasEndedTakesInNothing(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.must(h.pictures.EndLink(h.officer, h.link.Link.ID, false))
	if _, err := h.enter(note("k", "x", time.Hour)); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("ended: %v", err)
	}
}

func TestAPictureComesInPartsAndATaskIsDoneWithIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.made(time.Now().Add(-9*time.Hour), time.Now().Add(time.Hour))
		all := picture(t)
		step := field.Draft{Key: "done", Kind: field.Task, TaskID: h.task.ID, Step: "done", Text: "已封堵", Photos: []string{"p1"}, At: time.Now().Add(-time.Hour), SentAt: time.Now()}
		if _, err := h.enter(step); errs.KindOf(err) != errs.Invalid {
			t.Errorf("before its picture: %v", err)
		}
		p, err := h.send("p1", all, 9000)
		h.must(err)
		if p.Have != len(all) || p.Type != "image/jpeg" {
			t.Fatalf("picture %+v of %d", p, len(all))
		}
		got, err := h.enter(step)
		h.must(err)
		again, err := h.enter(step)
		h.must(err)
		if got.Refused != "" || !again.Known || got.IncidentID != h.incident.ID {
			t.Errorf("step %+v, again %+v", got, again)
		}
		d, err := h.responses.Task(h.officer, h.task.ID)
		h.must(err)
		last := d.Lines[len(d.Lines)-1]
		if d.State != response.Done || d.EndedBy != "王队" || len(last.Photos) != 1 || last.ReceivedAt.IsZero() || d.Steps != len(d.Lines) {
			t.Errorf("task %+v %+v", d.Task, d.Lines)
		}
		kept, err := h.responses.Photo(h.officer, h.task.ID, last.Photos[0])
		if err != nil || !bytes.Equal(kept.Bytes, all) {
			t.Errorf("picture of the task: %d bytes, %v", len(kept.Bytes), err)
		}
		// What comes after is kept as words, with the reason.
		late, err := h.enter(field.Draft{Key: "more", Kind: field.Task, TaskID: h.task.ID, Step: "start", Text: "离线时开始", At: time.Now(), SentAt: time.Now()})
		h.must(err)
		if l := h.lines(); late.Refused != "response.task_taken" || len(l) != 1 || l[0].Text != "离线时开始" || l[0].Act != "refused" {
			t.Errorf("refused %+v, timeline %+v", late, l)
		}
	})
}

func TestAPictureWithANoteIsShownToWhoSeesTheIncident(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	all := picture(t)
	_, err := h.send("p1", all, field.MaxPart)
	h.must(err)
	d := note("k", "", 0)
	d.Photos = []string{"p1"}
	e, err := h.enter(d)
	h.must(err)
	if _, raw, err := h.Picture(h.officer, h.incident.ID, e.ID, "p1"); err != nil || !bytes.Equal(raw, all) {
		t.Errorf("picture: %d bytes, %v", len(raw), err)
	}
	for name, err := range map[string]error{
		"another county": second(h.Scene(h.outside, h.incident.ID)), "nobody": second(h.Scene(t.Context(), h.incident.ID)),
		"another picture": third(h.Picture(h.officer, h.incident.ID, e.ID, "p2")), "another entry": third(h.Picture(h.officer, h.incident.ID, "x", "p1")),
	} {
		if k := errs.KindOf(err); k != errs.NotFound && k != errs.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPhotoLosesWhatItSaysOfPlaceAndPhone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		raw := picture(t)
		said := bytes.Join([][]byte{raw[:2], []byte("\xff\xe1\x00\x15Exif\x00\x00GPS 32.33 121"), raw[2:], []byte("film of a moving photo")}, nil)
		if p, err := h.send("p1", said, 30_000); err != nil || p.Have != len(said) || p.Type != "image/jpeg" {
			t.Fatalf("%+v %v", p, err)
		}
		d := note("k", "", 0)
		d.Photos = []string{"p1"}
		e, err := h.enter(d)
		h.must(err)
		_, kept, err := h.Picture(h.officer, h.incident.ID, e.ID, "p1")
		h.must(err)
		if _, err := jpeg.Decode(bytes.NewReader(kept)); err != nil || bytes.Contains(kept, []byte("GPS")) || bytes.Contains(kept, []byte("film")) {
			t.Errorf("kept %d bytes of %d: %v", len(kept), len(said), err)
		}
		// The phone did not hear the answer and goes on: it is told that all is there.
		if p, err := h.send("p1", said, 30_000); err != nil || p.Have != len(said) {
			t.Errorf("again: %+v %v", p, err)
		}
	})
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

func TestBadPicturesAndPartsAreRefused(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	all := picture(t)
	sum := sha256.Sum256(all)
	good := field.Part{Key: "p", Size: len(all), Sum: hex.EncodeToString(sum[:]), Bytes: all[:1000]}
	for name, change := range map[string]func(*field.Part){
		"too large":        func(p *field.Part) { p.Size = field.MaxPhoto + 1 },
		"no size":          func(p *field.Part) { p.Size = 0 },
		"part too large":   func(p *field.Part) { p.Bytes = make([]byte, field.MaxPart+1) },
		"empty part":       func(p *field.Part) { p.Bytes = nil },
		"beyond the end":   func(p *field.Part) { p.At = len(all) - 10 },
		"before the start": func(p *field.Part) { p.At = -1 },
		"no sum":           func(p *field.Part) { p.Sum = "00" },
		"strange key":      func(p *field.Part) { p.Key = "../p" },
	} {
		p := good
		change(&p)
		if _, err := h.Part(t.Context(), h.link.Token, h.link.Link.Stream, p); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A hole is not filled, the answer says where to go on; what does not agree with its sum begins anew.
	hole := good
	hole.At = 5000
	if p, err := h.Part(t.Context(), h.link.Token, h.link.Link.Stream, hole); err != nil || p.Have != 0 {
		t.Errorf("hole: %+v %v", p, err)
	}
	wrong := bytes.Clone(all)
	wrong[500]++
	short := field.Part{Key: "w", Size: len(all), Sum: good.Sum}
	for at := 0; at < len(wrong); at += 60000 {
		short.At, short.Bytes = at, wrong[at:min(at+60000, len(wrong))]
		p, err := h.Part(t.Context(), h.link.Token, h.link.Link.Stream, short)
		h.must(err)
		if at+60000 >= len(wrong) && (p.Have != 0 || p.Type != "") {
			t.Errorf("a wrong sum: %+v", p)
		}
	}
	if p, err := h.send("w", all, 60000); err != nil || p.Type != "image/jpeg" {
		t.Errorf("sent anew: %+v %v", p, err)
	}
	text := []byte(strings.Repeat("<script>", 100))
	if _, err := h.send("t", text, 60000); errs.KindOf(err) != errs.Invalid {
		t.Errorf("no picture: %v", err)
	}
}

// What a token may do is generated over all use cases: nothing with another's stream, a forged one, one to watch by.
func TestOnlyTheLinksOwnTokenOpensAnything(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	other, err := h.pictures.Share(h.officer, video.LinkDraft{Action: video.Publish, Title: "另一部", Division: "320623", Hours: 8})
	h.must(err)
	watch, err := h.pictures.Share(h.officer, video.LinkDraft{Action: video.Watch, Title: "看", Stream: h.link.Link.Stream, Hours: 8})
	h.must(err)
	ctx := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", Name: "signed in", DivisionCode: "", Permissions: []actor.Permission{actor.IncidentRead, actor.IncidentWrite}})
	acts := map[string]func(token, stream string) error{
		"open":   func(k, s string) error { return second(h.Open(ctx, k, s)) },
		"wanted": func(k, s string) error { return second(h.Listen(ctx, k, s, field.Heard{Wanted: true})) },
		"lines":  func(k, s string) error { return second(h.Lines(ctx, k, s, h.task.ID)) },
		"enter":  func(k, s string) error { return second(h.Enter(ctx, k, s, note("k", "x", 0))) },
		"part": func(k, s string) error {
			return second(h.Part(ctx, k, s, field.Part{Key: "p", Size: 10, Sum: strings.Repeat("00", 32), Bytes: []byte("x")}))
		},
		"keep": func(k, s string) error {
			return second(h.Service.Keep(ctx, k, s, []field.Fix{{At: time.Now(), Lon: 121, Lat: 32}}))
		},
	}
	tokens := map[string][2]string{
		"none": {"", h.link.Link.Stream}, "forged": {strings.Replace(other.Token, other.Link.ID, h.link.Link.ID, 1), h.link.Link.Stream},
		"of another": {other.Token, h.link.Link.Stream}, "for another": {h.link.Token, other.Link.Stream}, "to watch": {watch.Token, h.link.Link.Stream},
		"cut": {h.link.Token[:len(h.link.Token)-2], h.link.Link.Stream}, "long": {strings.Repeat("l-", 5000), h.link.Link.Stream},
	}
	for act, do := range acts {
		for name, with := range tokens {
			if k := errs.KindOf(do(with[0], with[1])); k != errs.Unauthenticated && k != errs.Denied {
				t.Errorf("%s with the token %s is not refused: %q", act, name, k)
			}
		}
		if err := do(h.link.Token, h.link.Link.Stream); err != nil {
			t.Errorf("%s with its own: %v", act, err)
		}
	}
	// A link without a person has no tasks, one without an incident takes no notes.
	if _, err := h.Enter(ctx, other.Token, other.Link.Stream, note("n", "x", 0)); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a note without an incident: %v", err)
	}
	if _, err := h.Enter(ctx, other.Token, other.Link.Stream, field.Draft{Key: "s", Kind: field.Task, TaskID: h.task.ID, Step: "accept", At: time.Now(), SentAt: time.Now()}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a task of another: %v", err)
	}
	if _, err := h.Lines(ctx, other.Token, other.Link.Stream, h.task.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("lines of another's task: %v", err)
	}
}

func TestALinkSendsNoMoreThanItMay(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	kept := store.NewField(h.db)
	h.must(h.db.Do(t.Context(), func(ctx context.Context) error {
		for n := range 2000 {
			if err := kept.AddEntry(ctx, field.Entry{ID: fmt.Sprint(n), LinkID: h.link.Link.ID, Key: fmt.Sprint(n), IncidentID: h.incident.ID, At: time.Now()}); err != nil {
				return err
			}
		}
		return nil
	}))
	if _, err := h.enter(note("more", "x", 0)); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "as much as it may") {
		t.Errorf("flood: %v", err)
	}
	for n := range 300 {
		h.must(kept.SavePhoto(t.Context(), field.Photo{LinkID: h.link.Link.ID, Key: fmt.Sprint(n), Size: 1, At: time.Now()}))
	}
	if _, err := h.send("more", picture(t), field.MaxPart); errs.KindOf(err) != errs.Conflict {
		t.Errorf("flood of pictures: %v", err)
	}
	if _, err := h.Service.Keep(t.Context(), h.link.Token, h.link.Link.Stream, make([]field.Fix, field.MaxFixes+1)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("flood of places: %v", err)
	}
}

func TestPlacesCountWithinTheLifeOfTheLink(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	now := time.Now()
	n, err := h.Service.Keep(t.Context(), h.link.Token, h.link.Link.Stream, []field.Fix{
		{At: now.Add(-time.Hour), Lon: 121, Lat: 32}, {At: now, Lon: 121.1, Lat: 32.1}, {At: now.Add(time.Hour), Lon: 121.2, Lat: 32.2},
	})
	if err != nil || n != 1 || len(h.fixes) != 1 || h.fixes[0].Lon != 121.1 {
		t.Errorf("%d places %+v: %v", n, h.fixes, err)
	}
	bad := -1.0
	for name, f := range map[string]field.Fix{"off the earth": {At: now, Lon: 181}, "below zero": {At: now, Battery: &bad}} {
		if _, err := h.Service.Keep(t.Context(), h.link.Token, h.link.Link.Stream, []field.Fix{f}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlacesAreBoundedInNumberByLinkAndDay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.made(time.Now().Add(-10*24*time.Hour), time.Now().Add(time.Hour))
		tell := func(n int, at time.Time) int {
			t.Helper()
			fixes := make([]field.Fix, n)
			for i := range fixes {
				fixes[i] = field.Fix{At: at.Add(time.Duration(i) * time.Millisecond), Lon: 121, Lat: 32}
			}
			got, err := h.Service.Keep(t.Context(), h.link.Token, h.link.Link.Stream, fixes)
			h.must(err)
			return got
		}
		today := time.Now().UTC().Truncate(24 * time.Hour)
		noon := today.Add(-36 * time.Hour) // of the day before yesterday
		kept := store.NewField(h.db)
		_, err := kept.TakePlaces(t.Context(), h.link.Link.ID, noon.Truncate(24*time.Hour), today.Add(-9*24*time.Hour), field.MaxPlaces-150, field.MaxPlaces)
		h.must(err)
		if first, then, more := tell(100, noon), tell(100, noon.Add(time.Second)), tell(100, noon.Add(2*time.Second)); first != 100 || then != 50 || more != 0 {
			t.Errorf("of a full day %d, %d, %d", first, then, more)
		}
		// The day after is another, and one call may hold both.
		if got := tell(100, noon.Truncate(24*time.Hour).Add(24*time.Hour-50*time.Millisecond)); got != 50 {
			t.Errorf("over midnight %d", got)
		}
		if len(h.fixes) != 200 {
			t.Errorf("%d places kept", len(h.fixes))
		}
		// What is older than any phone keeps does not come back, or its days would have to be counted for ever.
		if got := tell(1, time.Now().Add(-9*24*time.Hour)); got != 0 {
			t.Errorf("nine days old: %d", got)
		}
	})
}

func TestATimeAtTheEdgeOfTheCalendarIsRefusedInWords(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		now := time.Now()
		west, east := time.FixedZone("", -23*3600), time.FixedZone("", 23*3600)
		for name, at := range map[string]time.Time{
			"none": {}, "year 0": time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), "before year 0": time.Date(0, 1, 1, 0, 0, 0, 0, east),
			"year 9999": time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC), "after year 9999": time.Date(9999, 12, 31, 23, 0, 0, 0, west), "2100": time.Date(2099, 12, 31, 23, 0, 0, 0, west), "1999": time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC),
		} {
			for which, d := range map[string]field.Draft{"written": {At: at, SentAt: now}, "sent": {At: now, SentAt: at}, "both": {At: at, SentAt: at}} {
				d.Key, d.Kind, d.Text = "k", field.Note, "x"
				if _, err := h.enter(d); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "date") {
					t.Errorf("%s, %s: %v", which, name, err)
				}
			}
			if n, err := h.Service.Keep(t.Context(), h.link.Token, h.link.Link.Stream, []field.Fix{{At: at, Lon: 121, Lat: 32}}); err != nil || n != 0 {
				t.Errorf("place, %s: %d %v", name, n, err)
			}
		}
		for _, year := range []int{2000, 2099} {
			at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
			if _, err := h.enter(field.Draft{Key: fmt.Sprint("y", year), Kind: field.Note, Text: "x", At: at, SentAt: at}); err != nil {
				t.Errorf("%d: %v", year, err)
			}
		}
	})
}

func TestTheDeskExtendsALinkBeforeItExpires(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	l, err := h.pictures.ChangeLink(h.officer, h.link.Link.ID, video.LinkChange{Hours: 100})
	if err != nil || time.Until(l.ExpiresAt) < 99*time.Hour {
		t.Fatalf("extended %+v: %v", l, err)
	}
	p, err := h.Open(t.Context(), h.link.Token, h.link.Link.Stream)
	h.must(err)
	if !p.Expires.Equal(l.ExpiresAt) || p.Incident == nil || len(p.Tasks) != 1 || !p.Person {
		t.Errorf("page %+v", p)
	}
	for name, c := range map[string]video.LinkChange{"shorter": {Hours: 1}, "too long": {Hours: 169}, "back": {Hours: -1}} {
		if _, err := h.pictures.ChangeLink(h.officer, h.link.Link.ID, c); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.pictures.ChangeLink(h.outside, h.link.Link.ID, video.LinkChange{Hours: 120}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county: %v", err)
	}
	h.expired(time.Hour)
	if _, err := h.pictures.ChangeLink(h.officer, h.link.Link.ID, video.LinkChange{Hours: 120}); errs.KindOf(err) != errs.Conflict {
		t.Errorf("expired: %v", err)
	}
	trail, err := store.NewAudit(h.db).List(t.Context(), actor.Everything, audit.Query{})
	h.must(err)
	changed := 0
	for _, e := range trail.Items {
		if e.Kind == video.EventLinkChanged {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d changes in the trail", changed)
	}
}
