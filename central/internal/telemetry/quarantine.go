package telemetry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// Suspect is what is kept apart because its time cannot be true (wire.TimeOK): the readings of one series in
// one message, or one event. Origin is the same when the message is sent again, so that it is kept once.
type Suspect struct {
	ID         string // UUIDv7
	Origin     string
	Sender     string
	Device     string
	Property   string // of readings
	ReceivedAt time.Time
	Points     []wire.Point
	Event      *wire.Event
}

// records counts readings, or the event.
func (s *Suspect) records() int64 {
	if s.Event != nil {
		return 1
	}
	return int64(len(s.Points))
}

// At are the earliest and the latest time, by the clock of the device.
func (s *Suspect) At() (first, last int64) {
	if s.Event != nil {
		return s.Event.At, s.Event.At
	}
	first, last = s.Points[0].At, s.Points[0].At
	for _, p := range s.Points {
		first, last = min(first, p.At), max(last, p.At)
	}
	return first, last
}

// Apart sums up what is kept apart of one device. First and Last are by the device's
// clock, put between the years 0 and 9999.
type Apart struct {
	Device        string    `json:"device"`
	DeviceName    string    `json:"device_name"`
	Division      string    `json:"division"`
	Sender        string    `json:"sender"`
	Readings      int64     `json:"readings"`
	Events        int64     `json:"events"`
	First         time.Time `json:"first"`
	Last          time.Time `json:"last"`
	ReceivedFirst time.Time `json:"received_first"`
	ReceivedLast  time.Time `json:"received_last"`
	Offset        int64     `json:"offset_ms"` // device clock minus centre clock at the newest reading
	Through       string    `json:"through"`   // newest entry; release and discard take it, so that they act on what was seen
	Dropped       int64     `json:"dropped"`   // readings and events since the start of the centre that found no room here
}

// maxApart is how many readings and events are kept of one device.
const maxApart = 200_000

// ActOnApart says what is to become of readings that are kept apart.
type ActOnApart struct {
	Device  string
	Through string // the newest entry that whoever acts has seen
	Shift   int64  // ms added to every time; for release only
	Note    string // why, for the record
}

// Acted is what became of them.
type Acted struct {
	Device    string `json:"device"`
	Readings  int64  `json:"readings"`  // taken out of the quarantine
	Events    int64  `json:"events"`    // and these
	Stored    int64  `json:"stored"`    // readings newly stored: a time that was stored already is not again
	Remaining int64  `json:"remaining"` // act again to take these as well
	Shift     int64  `json:"shift_ms"`
	Note      string `json:"note"`
}

// Limits of one act, so that it ends within a request.
const (
	actEntries = 500
	actRecords = 50_000
)

// KeepApart puts readings and events aside. Commit does so with what ingest brings.
func (s *Service) KeepApart(ctx context.Context, list []Suspect) error {
	if len(list) == 0 {
		return nil
	}
	s.apartMu.Lock()
	defer s.apartMu.Unlock()
	var kept []Suspect
	for _, one := range list {
		n := one.records()
		if s.apart[one.Device]+n > maxApart {
			if s.dropped[one.Device] == 0 {
				s.Log.Warn("no more records with impossible times are kept of this device", "device", one.Device)
			}
			s.dropped[one.Device] += n
			continue
		}
		if one.ID == "" {
			id, err := uuid.NewV7()
			if err != nil {
				return fmt.Errorf("make id: %w", err)
			}
			one.ID = id.String()
		}
		if one.Origin == "" {
			content := wire.AppendColumn(nil, one.Points)
			if one.Event != nil {
				content = []byte(one.Event.ID)
			}
			sum := sha256.Sum256(content)
			one.Origin = "content/" + one.Sender + "/" + one.Device + "/" + one.Property + "/" + hex.EncodeToString(sum[:])
		}
		one.ReceivedAt = event.Stamp(one.ReceivedAt)
		kept = append(kept, one)
	}
	added, err := s.Quarantine.Keep(ctx, kept)
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "telemetry.quarantine", "records with impossible times cannot be kept apart")
	}
	for i, one := range kept {
		if added[i] {
			s.apart[one.Device] += one.records()
		}
	}
	return nil
}

// Suspects makes entries of records of one message that are to be kept apart.
func Suspects(in *Incoming, readings []wire.Reading, events []wire.Event) []Suspect {
	var out []Suspect
	origin := func(rest string) string {
		if !in.Ranged {
			return ""
		}
		return fmt.Sprintf("batch/%s/%d/%d/%d/%s", in.Edge, in.Batch.Epoch, in.Batch.Lane, in.Batch.SeqFrom, rest)
	}
	index := map[series]int{}
	for _, r := range readings {
		k := series{r.Device, r.Property}
		n, ok := index[k]
		if !ok {
			n = len(out)
			index[k] = n
			out = append(out, Suspect{
				Origin: origin(r.Device + "/" + r.Property), Sender: in.Edge, Device: r.Device, Property: r.Property, ReceivedAt: in.ReceivedAt,
			})
		}
		out[n].Points = append(out[n].Points, wire.Point{At: r.At, Value: r.Value, Quality: r.Quality, Count: r.Count})
	}
	for _, e := range events {
		device := e.Device
		if device == "" {
			device = in.Edge
		}
		out = append(out, Suspect{Origin: origin("event/" + e.ID), Sender: in.Edge, Device: device, ReceivedAt: in.ReceivedAt, Event: &e})
	}
	return out
}

// ListApart sums up the quarantine of the devices the actor may see.
func (s *Service) ListApart(ctx context.Context) ([]Apart, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return nil, err
	}
	all, err := s.Quarantine.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Apart, 0, len(all))
	s.apartMu.Lock()
	defer s.apartMu.Unlock()
	for _, a := range all {
		dev, ok := s.Devices.Visible(ctx, a.Device)
		if !ok {
			continue
		}
		a.DeviceName, a.Division, a.Dropped = dev.Name, dev.Division, s.dropped[a.Device]
		out = append(out, a)
	}
	return out, nil
}

// ReleaseApart stores what was kept apart with its times shifted, because the clock of the device was proven
// wrong by so much. The quality of readings becomes uncertain at best. Alarms of it are retrospective.
func (s *Service) ReleaseApart(ctx context.Context, act ActOnApart) (Acted, error) {
	return s.act(ctx, act, ApartReleased, s.release)
}

// DiscardApart deletes what was kept apart.
func (s *Service) DiscardApart(ctx context.Context, act ActOnApart) (Acted, error) {
	act.Shift = 0
	return s.act(ctx, act, ApartDiscarded, func(context.Context, []Suspect, int64) (int64, error) { return 0, nil })
}

func (s *Service) act(ctx context.Context, act ActOnApart, kind string, do func(context.Context, []Suspect, int64) (int64, error)) (Acted, error) {
	_, err := actor.Require(ctx, actor.TelemetryMend)
	if err != nil {
		return Acted{}, err
	}
	out := Acted{Device: act.Device, Shift: act.Shift}
	if out.Note, err = checkReason("telemetry.quarantine", "note", act.Note); err != nil {
		return Acted{}, err
	}
	dev, ok := s.Devices.Visible(ctx, act.Device)
	if !ok {
		return Acted{}, errs.E(errs.NotFound, "device.not_found", "device %s", act.Device)
	}
	// Two people may act at once; the second finds what the first has left.
	s.acting.Lock()
	defer s.acting.Unlock()
	list, err := s.Quarantine.Entries(ctx, act.Device, act.Through, actEntries)
	if err != nil {
		return Acted{}, err
	}
	if len(list) == 0 {
		return Acted{}, errs.E(errs.NotFound, "telemetry.quarantine_empty", "nothing is kept apart of device %s", act.Device)
	}
	for i := range list {
		if list[i].Event != nil {
			out.Events++
		}
		if out.Readings += int64(len(list[i].Points)); out.Readings >= actRecords {
			list = list[:i+1]
			break
		}
	}
	if out.Stored, err = do(ctx, list, act.Shift); err != nil {
		return Acted{}, err
	}
	// What is stored must leave the quarantine, whoever has hung up; left there, it would vanish as doubled.
	ctx = context.WithoutCancel(ctx)
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) (err error) {
		if out.Remaining, err = s.Quarantine.Remove(ctx, list, act.Through); err != nil {
			return err
		}
		done = event.New(ctx, kind, act.Device, dev.Division, out)
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		return Acted{}, err
	}
	s.apartMu.Lock()
	s.apart[act.Device] -= out.Readings + out.Events
	s.apartMu.Unlock()
	s.Events.Publish(ctx, done)
	return out, nil
}

// release commits entries with their times shifted.
func (s *Service) release(ctx context.Context, list []Suspect, shift int64) (int64, error) {
	now := time.Now()
	in := make([]Incoming, 0, len(list))
	for i := range list {
		b, err := list[i].shifted(shift, now)
		if err != nil {
			return 0, err
		}
		in = append(in, Incoming{Edge: list[i].Sender, Batch: b, ReceivedAt: list[i].ReceivedAt, Mended: true})
	}
	s.commit.Lock()
	defer s.commit.Unlock()
	var stored int64
	for len(in) > 0 {
		// One commit notes one time of arrival, so only what came together goes together.
		n := 1
		for n < len(in) && in[n].ReceivedAt.Sub(in[0].ReceivedAt).Abs() < time.Second {
			n++
		}
		out, err := s.Store.Commit(ctx, in[:n])
		if err != nil {
			return 0, fmt.Errorf("store readings that were kept apart: %w", err)
		}
		for i := range out {
			stored += int64(out[i].Readings)
			// For the rules they have come now: what they say of the past rings nothing.
			in[i].ReceivedAt = now.UTC()
		}
		s.tell(context.WithoutCancel(ctx), in[:n], out)
		in = in[n:]
	}
	return stored, nil
}

// shifted is the entry as a message whose times are put right.
func (s *Suspect) shifted(shift int64, now time.Time) (*wire.Batch, error) {
	wrong := false
	right := func(at int64) int64 {
		if (shift < 0 && at < math.MinInt64-shift) || (shift > 0 && at > math.MaxInt64-shift) || !wire.TimeOK(at+shift, now) {
			wrong = true
		}
		return at + shift
	}
	b := &wire.Batch{Lane: wire.LaneTelemetry, Backfill: true} // not live: it may be of any age
	for _, p := range s.Points {
		b.Readings = append(b.Readings, wire.Reading{Device: s.Device, Property: s.Property, At: right(p.At), Value: p.Value, Quality: max(p.Quality, wire.Uncertain), Count: p.Count})
	}
	slices.SortStableFunc(b.Readings, func(a, b wire.Reading) int { return cmp.Compare(a.At, b.At) })
	if s.Event != nil {
		e := *s.Event
		if !wire.TimeOK(e.At, now) { // else it is its loss that lies elsewhere
			e.At = right(e.At)
		}
		if l := (wire.LossEvent{}); e.Kind == wire.EventLoss && json.Unmarshal(e.Data, &l) == nil {
			l.From, l.To = right(l.From), right(l.To)
			text, err := json.Marshal(l)
			if err != nil {
				return nil, fmt.Errorf("write loss %s: %w", e.ID, err)
			}
			e.Data = text
		}
		b.Events = []wire.Event{e}
	}
	if wrong {
		return nil, errs.Field("telemetry.shift", "shift_ms", "leaves times in the future or before the year 2000")
	}
	return b, nil
}

// loadApart counts what is kept apart.
func (s *Service) loadApart(ctx context.Context) error {
	all, err := s.Quarantine.List(ctx)
	if err != nil {
		return fmt.Errorf("count readings kept apart: %w", err)
	}
	s.apart, s.dropped = map[string]int64{}, map[string]int64{}
	for _, a := range all {
		s.apart[a.Device] = a.Readings + a.Events
	}
	return nil
}
