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

	turn    chan struct{} // holds one token; below is for its holder
	line    line.Line     // nil while it is closed
	last    time.Time     // when the line was last in use
	late    map[byte]time.Time
	over    []byte          // what came behind the last answer
	whole   bool            // the last exchange had a whole answer, so that what else comes belongs to none
	answers map[byte][]byte // the last frame taken of each unit; none after a question that had no answer
	refused map[byte]func(*driver.Fault)
}

func newBus(open func(ctx context.Context) (line.Line, error), f framing, keep bool) *bus {
	b := &bus{open: open, framing: f, keep: keep, turn: make(chan struct{}, 1), late: map[byte]time.Time{}, answers: map[byte][]byte{}, refused: map[byte]func(*driver.Fault){}}
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

// ask sends one request and waits for its answer, which it gives with its frame. The caller holds the line.
func (b *bus) ask(ctx context.Context, unit byte, r request, within time.Duration) (words []uint16, frame []byte, err error) {
	if b.line == nil {
		l, err := b.open(ctx)
		if err != nil {
			return nil, nil, err
		}
		b.line = l
	}
	defer func() { b.last = time.Now() }()
	b.refused[unit] = driver.Refused(ctx)
	if err := b.settle(ctx, unit); err != nil {
		return nil, nil, b.drop(err)
	}
	end := time.Now().Add(within)
	if err := b.line.SetWriteDeadline(end); err != nil {
		return nil, nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
	}
	delete(b.answers, unit)
	b.whole = false
	question := b.framing.wrap(unit, r)
	driver.Record(ctx, true, question)
	if _, err := b.line.Write(question); err != nil {
		return nil, nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
	}
	var came []byte
	defer func() { driver.Record(ctx, false, came) }()
	chunk := make([]byte, maxTCP)
	for {
		if err := b.line.SetReadDeadline(end); err != nil {
			return nil, nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
		}
		n, err := b.line.Read(chunk)
		came = append(came, chunk[:n]...)
		pdu, size, wrong := b.framing.cut(unit, r, came)
		switch {
		case wrong != nil:
			b.late[unit] = end
			return nil, nil, b.doubt(wrong)
		case size > 0:
			delete(b.late, unit)
			b.whole, b.answers[unit] = true, came[:size]
			if b.over = came[size:]; !b.keep {
				b.behind(unit, came[:size], b.over)
			}
			words, err := r.answer(pdu, came[:size])
			return words, came[:size], err
		case errors.Is(err, os.ErrDeadlineExceeded):
			// What was asked may still be answered: for as long again nobody else's question is put to this unit.
			b.late[unit] = end.Add(within)
			if len(came) > 0 {
				return nil, nil, b.doubt(driver.NewFault(driver.KindShort, came, "frame is not whole after %s", within))
			}
			return nil, nil, b.doubt(driver.ErrTimeout)
		case err != nil:
			return nil, nil, b.drop(fmt.Errorf("%w: %w", driver.ErrUnreachable, err))
		}
	}
}

// settle lets the line rest before a request and throws away what came unasked for: the end of a damaged
// frame, or an answer that came twice or too late and must not be taken for that to the next question.
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
	came := b.over
	b.over = nil
	defer func() { b.stray(unit, came) }()
	for ctx.Err() == nil {
		quiet := time.Now().Add(time.Millisecond)
		if until.After(quiet) {
			quiet = until
		}
		if err := b.line.SetReadDeadline(quiet); err != nil {
			return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		}
		n, err := b.line.Read(chunk)
		if len(came) < strayMost {
			came = append(came, chunk[:n]...)
		}
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
		b.line, b.over = nil, nil
	}
	return err
}
