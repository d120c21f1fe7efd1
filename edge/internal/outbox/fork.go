package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/shared/wire"
)

const keepBoots = "boots"

// Boots are the earlier starts from this file that may have greeted the centre, the newest first, shortened. A
// file that was copied has the starts until then in common with the other and none since: so the centre tells
// two terminals of one identity apart before it acknowledges anything to the wrong one. boot is the present
// start, which is written down before it greets.
func (b *Box) Boots(ctx context.Context, boot string) ([]string, error) {
	raw, err := b.Get(ctx, keepBoots)
	if err != nil {
		return nil, fmt.Errorf("read earlier starts: %w", err)
	}
	known, own := strings.Fields(string(raw)), wire.ShortBoot(boot)
	if len(known) > 0 && known[0] == own {
		return known[1:], nil
	}
	now := append([]string{own}, known[:min(len(known), wire.MaxBoots)]...)
	err = b.Append(ctx, Batch{Boot: boot, Keep: map[string][]byte{keepBoots: []byte(strings.Join(now, " "))}})
	if err != nil {
		return nil, fmt.Errorf("write down this start: %w", err)
	}
	return now[1:], nil
}

// Fork begins a new epoch: another terminal uses the present one. What is not acknowledged goes to the new one.
func (b *Box) Fork(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.begin(ctx, "another terminal speaks under the same identity")
}

// foreign reports whether the centre holds numbers that were never sent from this file: those of another.
func (b *Box) foreign(ctx context.Context, tx *sql.Tx, lane int, ranges []wire.Range) (bool, error) {
	for _, r := range ranges {
		from, to, ok := bounds(r)
		if !ok {
			continue
		}
		var n int64
		if err := tx.QueryRowContext(ctx, `select count(*) from block where lane = $1 and acked is null and offered = 0 and seq_from <= $3 and seq_to >= $2`, lane, from, to).Scan(&n); err != nil {
			return false, err
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}
