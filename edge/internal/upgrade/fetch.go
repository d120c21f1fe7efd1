package upgrade

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	blockTimeout = 2 * time.Minute
	retryFirst   = time.Second
	retryMost    = time.Minute
	lookAgain    = 10 * time.Second // whether data is still spared
	tellEvery    = 1 << 20          // bytes between two words about the progress
)

// errGone is returned when the centre does not give the file any more.
var errGone = errors.New("the centre does not give this program any more")

// errStale is returned when another upgrade has come in place of the one that is fetched.
var errStale = errors.New("another upgrade came in between")

// part is the file that what was fetched is added to; it survives the death of the agent.
func (k *Keeper) part(r wire.Release) string { return k.file("part-" + r.SHA256[:16]) }

// sweep removes what other upgrades have left half-way; keep is a file to leave, or nothing.
func (k *Keeper) sweep(keep string) {
	left, _ := filepath.Glob(k.file("part-*")) // the pattern is sound
	fresh, _ := filepath.Glob(k.file("?.new"))
	for _, file := range append(left, fresh...) {
		if file != keep {
			_ = os.Remove(file) // tried again at the next start
		}
	}
}

// fetch adds to the part until it is whole. It waits as long as the link is away or data is spared.
func (u *Upgrader) fetch(ctx context.Context, w wire.Upgrade) (string, error) {
	path := u.o.Keeper.part(w.Release)
	u.o.Keeper.sweep(path)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if have > w.Packed {
		have = 0
	}
	if err := errors.Join(f.Truncate(have), room(u.o.Keeper.dir, w.Packed-have+w.Release.Size)); err != nil {
		return "", err
	}
	wait, told := retryFirst, have
	for have < w.Packed {
		if err := u.sparing(ctx, have, w.Packed); err != nil {
			return "", err
		}
		u.set(func(s *wire.UpgradeState) {
			s.Phase, s.Got, s.Size = wire.UpgradeFetching, have, w.Packed
		})
		began := time.Now()
		// Counted before it comes: a kill in between counts a block too much, and never too little.
		due := min(wire.MaxUpgradePart, w.Packed-have)
		if err := u.o.Keeper.Spent(due); err != nil {
			return "", err
		}
		n, err := u.block(ctx, w, f, have)
		have += n
		if n != due {
			err = errors.Join(err, u.o.Keeper.Spent(n-due))
		}
		if n > 0 {
			wait = retryFirst
			err = errors.Join(err, f.Sync())
			u.set(func(s *wire.UpgradeState) {
				s.Got, s.Rate = have, int64(float64(n)/max(time.Since(began).Seconds(), 0.001))
			})
		}
		if have-told >= tellEvery {
			told = have
			u.o.Changed()
		}
		switch {
		case err == nil:
			u.set(func(s *wire.UpgradeState) { s.Error = "" })
			continue
		case ctx.Err() != nil, errors.Is(err, errGone), isDisk(err):
			return "", err
		}
		u.set(func(s *wire.UpgradeState) { s.Phase, s.Error = wire.UpgradeWaiting, err.Error() })
		if err := u.pause(ctx, wait); err != nil {
			return "", err
		}
		wait = min(wait*2, retryMost)
	}
	return path, nil
}

// sparing waits while the data budget allows no upgrade.
func (u *Upgrader) sparing(ctx context.Context, have, size int64) error {
	for u.o.Level() != wire.BudgetNormal {
		u.set(func(s *wire.UpgradeState) { s.Phase, s.Got, s.Size = wire.UpgradePaused, have, size })
		if err := u.pause(ctx, lookAgain); err != nil {
			return err
		}
	}
	return nil
}

// pause waits, and ends when another upgrade has come.
func (u *Upgrader) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case w := <-u.offered:
		was, _ := u.o.Keeper.Job()
		if err := u.take(w); err != nil {
			return err
		}
		if now, ok := u.o.Keeper.Job(); !ok || now.ID != was.ID {
			return errStale
		}
		return nil
	case <-time.After(d):
		return nil
	}
}

// block fetches the next bytes and writes what came of them, also when the link breaks in between.
func (u *Upgrader) block(ctx context.Context, w wire.Upgrade, f *os.File, from int64) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, blockTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(u.o.URL, "/")+w.URL, nil)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errGone, err)
	}
	to := min(from+wire.MaxUpgradePart, w.Packed) - 1
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, to))
	r.Header.Set("Authorization", "Bearer "+w.Token)
	answer, err := u.o.Client.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	switch answer.StatusCode {
	case http.StatusPartialContent:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusRequestedRangeNotSatisfiable:
		return 0, fmt.Errorf("%w: it answers %s", errGone, answer.Status)
	default:
		return 0, fmt.Errorf("the centre answers %s", answer.Status)
	}
	if got, want := answer.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", from, to, w.Packed); got != want {
		return 0, fmt.Errorf("%w: it gives %.80q instead of %q", errGone, got, want)
	}
	n, err := io.Copy(io.NewOffsetWriter(f, from), io.LimitReader(answer.Body, to+1-from))
	if err == nil && n < to+1-from {
		err = fmt.Errorf("the centre gives %d bytes instead of %d: %w", n, to+1-from, io.ErrUnexpectedEOF)
	}
	return n, err
}
