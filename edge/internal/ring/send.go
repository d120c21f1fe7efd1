package ring

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	maxQueue     = 100
	pieceTimeout = 2 * time.Minute
	retryFirst   = time.Second
	retryMost    = time.Minute
	lookAgain    = 2 * time.Second
)

var (
	errCamera = errors.New("this terminal does not record that camera")
	errBusy   = errors.New("too many spans are asked for already")
	// errGone is returned when the centre does not want a span any more.
	errGone = errors.New("the centre does not want it any more")
)

// Fetch takes up a span that the centre asks for. It returns at once.
func (r *Ring) Fetch(w wire.RingFetch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reels[w.Camera] == nil {
		return fmt.Errorf("%w: %.64q", errCamera, w.Camera)
	}
	if !strings.HasPrefix(w.URL, "/") || w.ID == "" || w.From >= w.To {
		return errors.New("the span that is asked for is malformed")
	}
	for _, q := range r.queue {
		if q.ID == w.ID {
			return nil
		}
	}
	if len(r.queue) >= maxQueue {
		return errBusy
	}
	r.queue = append(r.queue, w)
	select {
	case r.offered <- struct{}{}:
	default:
	}
	return nil
}

// send works on what was asked for, one span after another.
func (r *Ring) send(ctx context.Context) {
	for ctx.Err() == nil {
		r.mu.Lock()
		var w wire.RingFetch
		has := len(r.queue) > 0
		if has {
			w = r.queue[0]
		}
		r.mu.Unlock()
		if !has {
			select {
			case <-ctx.Done():
			case <-r.offered:
			}
			continue
		}
		err := r.span(ctx, w)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.o.Log.Warn("recorded span is not sent", "camera", w.Camera, "error", err)
		}
		r.mu.Lock()
		r.queue = r.queue[1:]
		r.mu.Unlock()
	}
}

// span sends what every film has of a span, then says that this was all.
func (r *Ring) span(ctx context.Context, w wire.RingFetch) error {
	from, to := wire.Time(w.From), wire.Time(w.To)
	sent := map[string]bool{}
	for {
		list, growing := r.touching(w.Camera, from, to)
		for _, p := range list {
			if sent[p.path] {
				continue
			}
			if err := r.again(ctx, func() error { return r.film(ctx, w, p) }); err != nil {
				return err
			}
			sent[p.path] = true
		}
		if !growing {
			break
		}
		if !pause(ctx, lookAgain) {
			return ctx.Err()
		}
	}
	return r.again(ctx, func() error {
		_, err := r.ask(ctx, w, http.MethodPost, "/end", url.Values{"films": {strconv.Itoa(len(sent))}}, nil)
		return err
	})
}

// touching lists the closed films of a span; growing says that the one being written touches it as well.
func (r *Ring) touching(camera string, from, to time.Time) (out []piece, growing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.reels[camera]
	for _, p := range one.pieces {
		if p.start.Before(to) && p.end().After(from) {
			out = append(out, p)
		}
	}
	return out, one.open != nil && one.open.start.Before(to)
}

// again tries until it goes, the centre says that it never will, or ctx ends.
func (r *Ring) again(ctx context.Context, try func() error) error {
	for wait := retryFirst; ; wait = min(wait*2, retryMost) {
		err := try()
		if err == nil || errors.Is(err, errGone) || ctx.Err() != nil {
			return err
		}
		r.o.Log.Debug("recorded span waits", "error", err)
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// cut is what a piece has of a span, from the key frame before it on: the piece itself, or a file beside it that the
// caller removes. It is the same each time, so that the centre goes on where it broke off.
func (r *Ring) cut(w wire.RingFetch, p piece) (piece, error) {
	in, err := os.Open(p.path)
	if err != nil {
		return p, fmt.Errorf("read recording: %w", err)
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return p, fmt.Errorf("read recording: %w", err)
	}
	f, err := film.Read(in, info.Size())
	from, to := wire.Time(w.From).Sub(p.start), wire.Time(w.To).Sub(p.start)
	if err != nil || len(f.Parts) == 0 || (f.From(from) == 0 && f.Until(to) == len(f.Parts)) {
		return p, nil // the centre says what is wrong with it
	}
	out, err := os.CreateTemp(r.o.Dir, "cut-*")
	if err != nil {
		return p, fmt.Errorf("cut recording: %w", err)
	}
	a, b, err := f.Cut(out, in, from, to)
	if err = errors.Join(err, out.Close()); err != nil || a == b {
		return p, errors.Join(err, os.Remove(out.Name()))
	}
	return piece{start: p.start.Add(a), duration: b - a, path: out.Name(), sound: p.sound}, nil
}

// voice is what was heard with a piece, or with what was cut out of it. Sound that is broken is none.
func (r *Ring) voice(w wire.RingFetch, of, p piece) []byte {
	if !w.Sound || of.sound == "" {
		return nil
	}
	in, err := os.Open(of.sound)
	if err != nil {
		return nil
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return nil
	}
	f, err := film.ReadSound(in, info.Size())
	if err != nil {
		r.o.Log.Warn("recorded sound is not sent", "camera", w.Camera, "error", err)
		return nil
	}
	var text bytes.Buffer
	from := p.start.Sub(of.start)
	if _, err := f.CutSound(&text, in, from, from+p.duration); err != nil || text.Len() > wire.MaxRingSound {
		r.o.Log.Warn("recorded sound is not sent", "camera", w.Camera, "bytes", text.Len(), "error", err)
		return nil
	}
	return text.Bytes()
}

// both is pictures and the sound after them.
type both struct {
	pictures io.ReaderAt
	shown    int64
	sound    []byte
}

// ReadAt implements io.ReaderAt; it stops where the sound begins.
func (b both) ReadAt(p []byte, at int64) (int, error) {
	if at < b.shown {
		return b.pictures.ReadAt(p[:min(int64(len(p)), b.shown-at)], at) //nolint:wrapcheck // the caller says what it reads
	}
	return bytes.NewReader(b.sound).ReadAt(p, at-b.shown) //nolint:wrapcheck // as above
}

// film sends what a piece has of a span, from where the centre has it to its end. One that has gone meanwhile is passed
// over.
func (r *Ring) film(ctx context.Context, w wire.RingFetch, of piece) error {
	p, err := r.cut(w, of)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if p.path != of.path {
		defer func() { _ = os.Remove(p.path) }()
	}
	in, err := os.Open(p.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read recording: %w", err)
	}
	defer func() { _ = in.Close() }()
	sum := sha256.New()
	shown, err := io.Copy(sum, in)
	if err != nil {
		return fmt.Errorf("read recording: %w", err)
	}
	sound := r.voice(w, of, p)
	_, _ = sum.Write(sound) // a hash takes everything
	n, text := shown+int64(len(sound)), both{in, shown, sound}
	q := url.Values{
		"start": {strconv.FormatInt(p.start.UnixMilli(), 10)}, "duration": {strconv.FormatInt(p.duration.Milliseconds(), 10)},
		"size": {strconv.FormatInt(n, 10)}, "sha256": {hex.EncodeToString(sum.Sum(nil))},
	}
	if len(sound) > 0 {
		q.Set("sound", strconv.Itoa(len(sound)))
	}
	if err := r.spared(ctx); err != nil {
		return err
	}
	taken, err := r.ask(ctx, w, http.MethodPost, "", q, nil)
	if err != nil {
		return err
	}
	buf := make([]byte, wire.MaxRingPiece)
	for !taken.Have && taken.Next < n {
		if err := r.spared(ctx); err != nil {
			return err
		}
		m, err := text.ReadAt(buf[:min(wire.MaxRingPiece, n-taken.Next)], taken.Next)
		if m == 0 {
			return fmt.Errorf("read recording: %w", err)
		}
		before := taken.Next
		q.Set("offset", strconv.FormatInt(before, 10))
		if taken, err = r.ask(ctx, w, http.MethodPut, "", q, buf[:m]); err != nil {
			return err
		}
		if !taken.Have && taken.Next != before+int64(m) {
			return fmt.Errorf("the centre goes on at byte %d instead of %d", taken.Next, before+int64(m))
		}
		// What is live comes first: the pace is ours, not the link's.
		if rate := r.o.Rate(); rate > 0 && !pause(ctx, time.Duration(m)*time.Second/time.Duration(rate)) {
			return ctx.Err()
		}
	}
	return nil
}

// spared waits while the data budget allows nothing of this kind.
func (r *Ring) spared(ctx context.Context) error {
	for r.o.Level() != wire.BudgetNormal {
		if !pause(ctx, lookAgain) {
			return ctx.Err()
		}
	}
	return nil
}

func (r *Ring) ask(ctx context.Context, w wire.RingFetch, method, below string, q url.Values, body []byte) (out wire.FilmTaken, err error) {
	ctx, cancel := context.WithTimeout(ctx, pieceTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.o.URL, "/")+w.URL+below+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("%w: %w", errGone, err)
	}
	req.Header.Set("Authorization", "Bearer "+w.Token)
	req.Header.Set("Content-Type", "application/octet-stream")
	answer, err := r.o.Client.Do(req)
	if err != nil {
		return out, fmt.Errorf("send recording: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return out, fmt.Errorf("send recording: %w", err)
	}
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		return out, fmt.Errorf("%w: it answers %s: %.200s", errGone, answer.Status, text)
	default:
		return out, fmt.Errorf("the centre answers %s", answer.Status)
	}
	if err := json.Unmarshal(text, &out); err != nil || out.Next < 0 {
		return out, fmt.Errorf("the centre answers %.100q", text)
	}
	return out, nil
}
