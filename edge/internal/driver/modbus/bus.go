package modbus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/line"
)

// bus is one line with the devices on it. Requests go one at a time and in the order in which they were made.
type bus struct {
	open    func(ctx context.Context) (line.Line, error)
	framing framing
	keep    bool          // the line stays open when a device is silent: the others on it are not to blame
	gap     time.Duration // silence on the line before a request; written before the first one
	users   int           // of the hub

	turn chan struct{} // holds one token; below is for its holder
	line line.Line     // nil while it is closed
	last time.Time     // when the line was last in use
	late map[byte]time.Time
}

func newBus(open func(ctx context.Context) (line.Line, error), f framing, keep bool) *bus {
	b := &bus{open: open, framing: f, keep: keep, turn: make(chan struct{}, 1), late: map[byte]time.Time{}}
	b.turn <- struct{}{}
	return b
}

// take waits for the line.
func (b *bus) take(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-b.turn:
		return nil
	}
}

func (b *bus) release() { b.turn <- struct{}{} }

// ask sends one request and waits for its answer. The caller holds the line.
func (b *bus) ask(ctx context.Context, unit byte, r request, within time.Duration) ([]uint16, error) {
	if b.line == nil {
		l, err := b.open(ctx)
		if err != nil {
			return nil, err
		}
		b.line = l
	}
	defer func() { b.last = time.Now() }()
	if err := b.settle(ctx, unit); err != nil {
		return nil, b.drop(err)
	}
	end := time.Now().Add(within)
	if err := b.line.SetWriteDeadline(end); err != nil {
		return nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
	}
	question := b.framing.wrap(unit, r)
	driver.Record(ctx, true, question)
	if _, err := b.line.Write(question); err != nil {
		return nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
	}
	var came []byte
	defer func() { driver.Record(ctx, false, came) }()
	chunk := make([]byte, maxTCP)
	for {
		if err := b.line.SetReadDeadline(end); err != nil {
			return nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
		}
		n, err := b.line.Read(chunk)
		came = append(came, chunk[:n]...)
		pdu, done, wrong := b.framing.cut(unit, r, came)
		switch {
		case wrong != nil:
			b.late[unit] = end
			return nil, b.doubt(wrong)
		case done:
			delete(b.late, unit)
			return r.answer(pdu, came)
		case errors.Is(err, os.ErrDeadlineExceeded):
			// What was asked may still be answered: for as long again nobody else's question is put to this unit.
			b.late[unit] = end.Add(within)
			if len(came) > 0 {
				return nil, b.doubt(driver.NewFault(driver.KindShort, came, "frame is not whole after %s", within))
			}
			return nil, b.doubt(driver.ErrTimeout)
		case err != nil:
			return nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
		}
	}
}

// settle lets the line rest before a request and throws away what came unasked for: the end of a damaged
// frame, or an answer that came too late and must not be taken for that to the next question.
func (b *bus) settle(ctx context.Context, unit byte) error {
	if !b.keep {
		return nil // a line in doubt was closed
	}
	until := b.last.Add(b.gap)
	if late := b.late[unit]; late.After(until) {
		until = late
	}
	delete(b.late, unit)
	chunk := make([]byte, maxRTU)
	for ctx.Err() == nil {
		quiet := time.Now().Add(time.Millisecond)
		if until.After(quiet) {
			quiet = until
		}
		if err := b.line.SetReadDeadline(quiet); err != nil {
			return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		}
		n, err := b.line.Read(chunk)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		case n > 0 && time.Now().Add(b.gap).After(until):
			until = time.Now().Add(b.gap)
		}
	}
	return ctx.Err()
}

// doubt is what follows a damaged or missing answer.
func (b *bus) doubt(err error) error {
	if b.keep {
		return err
	}
	return b.drop(err)
}

// drop closes the line; the next request opens it again.
func (b *bus) drop(err error) error {
	if b.line != nil {
		_ = b.line.Close() // it is lost either way
		b.line = nil
	}
	return err
}
