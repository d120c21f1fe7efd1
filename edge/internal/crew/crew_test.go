package crew

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

// place is a terminal's disk with a shelf on it, and what was told to the centre.
type place struct {
	*Shelf
	t     *testing.T
	box   *outbox.Box
	o     Options
	mu    sync.Mutex
	told  []wire.CrewReceipt
	fails bool
	now   time.Time
}

func newPlace(t *testing.T, displays ...[]string) *place {
	t.Helper()
	dir := t.TempDir()
	box, err := outbox.Open(t.Context(), outbox.Options{Log: slog.New(slog.DiscardHandler), File: filepath.Join(dir, "outbox.db"), Telemetry: 1 << 20, Bulk: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	p := &place{t: t, box: box, now: time.UnixMilli(1_795_492_800_000)}
	collector := &outbox.Collector{Box: box, Boot: "boot", Every: time.Hour, Now: func() (time.Time, bool) { return p.now, true }, Log: slog.New(slog.DiscardHandler)}
	p.o = Options{
		Log: slog.New(slog.DiscardHandler), Edge: "rd-1", Dir: filepath.Join(dir, "crew"), Displays: displays, Confirm: Input{"io", "button"}, Now: func() time.Time { return p.now }, Get: box.Get,
		Tell: func(ctx context.Context, events []wire.Event, keep map[string][]byte) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.fails {
				return os.ErrPermission
			}
			if err := collector.Event(ctx, events, keep); err != nil {
				return err
			}
			for _, e := range events {
				var r wire.CrewReceipt
				if err := json.Unmarshal(e.Data, &r); err != nil || r.Check() != nil {
					return fmt.Errorf("receipt %s: %w", e.Data, err)
				}
				p.told = append(p.told, r)
			}
			return nil
		},
	}
	p.start()
	return p
}

// start is the agent after its death, on the same disk.
func (p *place) start() {
	p.t.Helper()
	s, err := New(p.t.Context(), p.o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.Shelf = s
}

// run runs the programs until nothing is left to do.
func (p *place) run() {
	for p.step(p.t.Context()) {
	}
}

func (p *place) states() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, r := range p.told {
		out = append(out, strings.TrimSpace(r.State+" "+r.By))
	}
	return strings.Join(out, ", ")
}

func (p *place) take(m wire.CrewMessage) {
	p.t.Helper()
	if err := p.Take(p.t.Context(), body(p.t, m)); err != nil {
		p.t.Fatal(err)
	}
}

func body(t *testing.T, m wire.CrewMessage) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *place) message(id string) wire.CrewMessage {
	return wire.CrewMessage{ID: id, Text: "转移三组群众", From: "周岚", Urgent: true, Confirm: true, At: wire.Millis(p.now), Until: wire.Millis(p.now.Add(time.Hour))}
}

func TestAMessageIsShownOnceAndConfirmedByThePersonBesideIt(t *testing.T) {
	out := filepath.Join(t.TempDir(), "board")
	p := newPlace(t, []string{"sh", "-c", `cat >> "$0"; echo "$FENGSUI_MESSAGE_PRIORITY $(wc -c < "$FENGSUI_MESSAGE_PICTURE")" >> "$0"`, out})
	m := p.message("m-1")
	m.Picture = []byte{0xff, 0xd8, 0xff, 0xd9}
	p.take(m)
	p.take(m) // the centre was not sure
	p.run()
	p.start()
	p.run()
	if text, err := os.ReadFile(out); err != nil || string(text) != "转移三组群众\nurgent 4\n" {
		t.Errorf("the board shows %q, %v", text, err)
	}
	press := func(v float64) {
		p.Reading(t.Context(), wire.Reading{Device: "io", Property: "button", Value: v})
	}
	press(1) // it was pressed before anybody looked: no edge was seen
	if got := p.Messages(); !got[0].Waiting || got[0].State != wire.CrewShown {
		t.Fatalf("got %+v", got)
	}
	press(0)
	press(1)
	press(1)
	if got := p.states(); got != "delivered edge, delivered edge, shown display, confirmed input" {
		t.Errorf("told %s", got)
	}
	p.start()
	m.Picture, m.Known = nil, true
	p.take(m)
	if got := p.states(); !strings.HasSuffix(got, "confirmed input, delivered edge, shown display, confirmed input") {
		t.Errorf("asked how it stands, told %s", got)
	}
	if len(p.Messages()) != 1 || p.Messages()[0].Waiting {
		t.Errorf("kept %+v", p.Messages())
	}
}

func TestADeathWhileItIsShownIsSaidAndShowsNothingTwice(t *testing.T) {
	out := filepath.Join(t.TempDir(), "board")
	p := newPlace(t, []string{"sh", "-c", `cat >> "$0"`, out}, []string{"false"})
	p.take(p.message("m-1"))
	p.mu.Lock()
	m := p.list[0]
	m.Begun++ // as when the program was about to start
	p.mu.Unlock()
	if err := p.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.start()
	p.run()
	p.start()
	p.run()
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Error("a program that may have run is run again")
	}
	if got := p.states(); got != "delivered edge, fault display, fault display" {
		t.Errorf("told %s", got)
	}
	if len(p.told) != 3 || !strings.Contains(p.told[1].Text, "nobody knows") || !strings.Contains(p.told[2].Text, "false") {
		t.Errorf("told %+v", p.told)
	}
	if got := p.Messages(); len(got) != 1 || got[0].State != wire.CrewDelivered || !got[0].Waiting {
		t.Errorf("on the page stands %+v", got)
	}
}

func TestWhatIsNotOnTheDiskIsNotShown(t *testing.T) {
	out := filepath.Join(t.TempDir(), "board")
	p := newPlace(t, []string{"sh", "-c", `cat >> "$0"`, out})
	p.fails = true
	if p.Take(t.Context(), body(t, p.message("m-1"))) == nil {
		t.Error("it is taken without a disk")
	}
	p.run()
	if len(p.Messages()) != 0 {
		t.Errorf("shown %+v", p.Messages())
	}
	p.fails = false
	p.take(p.message("m-1"))
	p.fails = true
	p.run()
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Error("a program ran whose start is written down nowhere")
	}
	if p.Confirm(t.Context(), "m-1", ByPage) == nil || p.Messages()[0].State != wire.CrewDelivered {
		t.Error("a confirmation counts that is not kept")
	}
}

func TestAPersonAnswersOnceAndInTime(t *testing.T) {
	p := newPlace(t)
	for _, id := range []string{"yes", "no", "late", "void"} {
		p.take(p.message(id))
	}
	note := p.message("note")
	note.Confirm = false
	p.take(note)
	if err := p.Shown(t.Context(), "yes", "yes", "note", "none"); err != nil {
		t.Fatal(err)
	}
	void := p.message("void")
	void.Void = true
	p.take(void)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(p.Confirm(t.Context(), "yes", ByPage))
	must(p.Refuse(t.Context(), "no", ByPage, "道路不通，无法到达"))
	p.now = p.now.Add(2 * time.Hour)
	for id, err := range map[string]error{
		"confirmed again": p.Confirm(t.Context(), "yes", ByPage), "refused after all": p.Refuse(t.Context(), "yes", ByPage, "x"), "late": p.Confirm(t.Context(), "late", ByPage),
		"withdrawn": p.Confirm(t.Context(), "void", ByPage), "a note": p.Confirm(t.Context(), "note", ByPage), "nothing": p.Confirm(t.Context(), "none", ByPage),
	} {
		if err == nil {
			t.Errorf("%s: taken", id)
		}
	}
	if got := p.states(); got != "delivered edge, delivered edge, delivered edge, delivered edge, delivered edge, shown page, shown page, delivered edge, confirmed page, refused page" {
		t.Errorf("told %s", got)
	}
	for _, m := range p.Messages() {
		if m.ID == "void" || m.Waiting {
			t.Errorf("still there: %+v", m)
		}
	}
}

func TestAFullShelfSaysSoAndAskingForWhatIsNotThereToo(t *testing.T) {
	p := newPlace(t)
	for i := range wire.MaxCrewOpen {
		p.take(p.message(fmt.Sprint("m-", i)))
	}
	p.take(p.message("one-more"))
	if r := p.told[len(p.told)-1]; r.State != wire.CrewRefused || r.Message != "one-more" || r.By != ByEdge {
		t.Errorf("told %+v", r)
	}
	known := p.message("gone")
	known.Known = true
	p.take(known)
	if r := p.told[len(p.told)-1]; r.State != wire.CrewMissing || r.Message != "gone" {
		t.Errorf("told %+v", r)
	}
	if err := p.Refuse(t.Context(), "m-7", ByPage, "x"); err != nil {
		t.Fatal(err)
	}
	p.take(p.message("fits"))
	if r := p.told[len(p.told)-1]; r.State != wire.CrewDelivered || len(p.list) != wire.MaxCrewOpen {
		t.Errorf("told %+v", r)
	}
	for _, text := range []string{"", "{", `{"id":"../x","text":"a","at":1,"until":2}`} {
		if p.Take(t.Context(), json.RawMessage(text)) == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
