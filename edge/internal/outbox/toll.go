package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/shared/wire"
)

// What readings are lost by. Each is one loss that grows as long as its trouble lasts.
const (
	tollRefused = iota // the disk was full or failing: not taken
	tollThinned        // over the quota of readings
	tollDropped        // the same
	tollBulk           // over the quota of lane 3
	tollKinds
)

// tollPause is how long nothing more is lost after which what follows is another loss.
const tollPause = 10 * time.Minute

// toll is a loss that grows. It is kept in the file, so that neither the amount nor the id dies with the agent.
type toll struct {
	ID     string         `json:"id"` // of the event, each time
	At     int64          `json:"at"`
	Told   uint64         `json:"told"` // how much of it lane 0 has
	Over   bool           `json:"over"` // the next one is another loss
	Unset  bool           `json:"unset"`
	Losing wire.LossEvent `json:"loss"`
}

func loadTolls(ctx context.Context, tx *sql.Tx, st *state) error {
	var raw []byte
	err := tx.QueryRowContext(ctx, `select value from meta where key = 'tolls'`).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var list []toll
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("read losses: %w", err)
	}
	copy(st.tolls[:], list)
	return nil
}

func (s *state) saveTolls(ctx context.Context, tx *sql.Tx) error {
	raw, err := json.Marshal(s.tolls)
	if err != nil {
		return fmt.Errorf("encode losses: %w", err)
	}
	return errors.Join(put(ctx, tx, "tolls", raw), setLost(ctx, tx, s.lost))
}

// lose adds to the loss of a kind; tellLosses keeps it.
func (s *state) lose(kind int, l loss, batch Batch) error {
	t, now := &s.tolls[kind], wire.Millis(batch.now())
	if kind == tollRefused && now-t.Losing.Until > tollPause.Milliseconds() {
		t.Over = true
	}
	if t.ID == "" || t.Over {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make id: %w", err)
		}
		*t = toll{ID: id.String(), At: now, Unset: !batch.Synced, Losing: wire.LossEvent{Lane: l.lane, From: l.from, To: l.to}}
	}
	t.Losing.From, t.Losing.To = min(t.Losing.From, l.from), max(t.Losing.To, l.to)
	t.Losing.Until, t.Losing.Why = now, l.why
	t.Losing.Count += l.count
	s.lostMore = true
	return nil
}

// spared says that a lane is far below its quota: what it loses next is another loss.
func (s *state) spared(lane wire.Lane) {
	for _, kind := range []int{tollThinned, tollDropped, tollBulk} {
		if t := &s.tolls[kind]; t.ID != "" && t.Losing.Lane == lane && !t.Over {
			t.Over, s.lostMore = true, true
		}
	}
}

// untold is how many losses lane 0 is to be told of. While the disk has no room that is each time the loss has
// doubled, so that telling of it does not eat the room of the alarms.
func (s *state) untold(full bool) int {
	n := 0
	for kind := range s.tolls {
		if s.tolls[kind].due(full && kind == tollRefused) {
			n++
		}
	}
	return n
}

func (t *toll) due(sparing bool) bool {
	return t.Losing.Count > t.Told && (!sparing || t.Losing.Count >= 2*t.Told)
}

// tellLosses keeps the losses and says in lane 0 how they have grown.
func (b *Box) tellLosses(ctx context.Context, tx *sql.Tx, st *state, batch Batch) error {
	full := batch.refused.count > 0
	if st.untold(full) == 0 && !st.lostMore {
		return nil
	}
	var events []wire.Event
	for kind := range st.tolls {
		t := &st.tolls[kind]
		if !t.due(full && kind == tollRefused) {
			continue
		}
		t.Told = t.Losing.Count
		e, err := lossEvent(t.ID, t.At, t.Losing)
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	st.lostMore = false
	if err := st.saveTolls(ctx, tx); err != nil || len(events) == 0 {
		return err
	}
	return b.appendEntry(ctx, tx, st, Batch{Boot: batch.Boot, Synced: batch.Synced}, Entry{Lane: wire.LaneAlarm, Events: events}, map[series]uint64{})
}

// retimeTolls moves what was counted before the clock was set to its true time.
func (s *state) retimeTolls(ctx context.Context, tx *sql.Tx, by int64) error {
	for kind := range s.tolls {
		t := &s.tolls[kind]
		if t.ID == "" || !t.Unset {
			continue
		}
		t.At, t.Unset = t.At+by, false
		shift(&t.Losing, by)
	}
	return s.saveTolls(ctx, tx)
}

func shift(l *wire.LossEvent, by int64) {
	l.From, l.To, l.Until = l.From+by, l.To+by, l.Until+by
}
