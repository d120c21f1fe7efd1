package dialin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

// serve hears one connection until it ends or asks for too much.
func (p *port[F]) serve(c *Conn) {
	defer func() {
		if r := recover(); r != nil {
			p.fault(c, &driver.Fault{Kind: driver.KindPanic, Raw: p.hub.Mask(c.Raw), Err: fmt.Errorf("driver failed: %v", r)})
		}
	}()
	h := p.hub
	whole, named := or(h.Whole, 15*time.Second), or(h.Named, 30*time.Second)
	buf, chunk := make([]byte, 0, 512), make([]byte, 2048)
	opened, begun, refused, known := time.Now(), time.Time{}, 0, false
	for {
		if err := c.SetReadDeadline(time.Now().Add(min(tick, whole, named))); err != nil {
			return
		}
		n, err := c.Read(chunk)
		if n > 0 && len(buf) == 0 {
			begun = time.Now()
		}
		buf = append(buf, chunk[:n]...)
		for len(buf) > 0 {
			used, frame, wrong := h.Next(buf)
			if used == 0 {
				break
			}
			ok := false
			switch {
			case wrong != nil:
				p.fault(c, driver.NewFault(h.Kind(wrong), h.Mask(buf[:used]), "%w", wrong))
			case frame != nil:
				c.Raw = frame
				ok = p.frame(c)
				known = known || ok
			default: // filling between frames
				ok = true
			}
			if refused++; ok {
				refused = 0
			}
			if refused > strikes {
				return
			}
			buf, begun = buf[:copy(buf, buf[used:])], time.Now()
		}
		if len(buf) > h.Limit {
			p.fault(c, driver.NewFault(driver.KindOversized, h.Mask(buf), "more than %d bytes and no frame", h.Limit))
			return
		}
		switch {
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			if len(buf) > 0 && !errors.Is(err, net.ErrClosed) {
				p.fault(c, driver.NewFault(driver.KindShort, h.Mask(buf), "connection ends within a frame"))
			}
			return
		case len(buf) > 0 && time.Since(begun) > whole:
			p.fault(c, driver.NewFault(driver.KindShort, h.Mask(buf), "frame is not whole after %s", whole))
			return
		case !known && time.Since(opened) > named:
			p.fault(c, driver.NewFault(driver.KindTimeout, h.Mask(buf), "connection has named no station in %s", named))
			return
		}
		if err != nil && len(buf) == 0 && known {
			p.with(func() *Station[F] { return p.conns[c] }, func(s *Station[F]) {
				if s.Idle != nil {
					s.Idle(s.ctx, c)
				}
			})
		}
	}
}

// frame decodes the frame in hand and gives it to its station.
func (p *port[F]) frame(c *Conn) bool {
	f, name, err := p.hub.Decode(c.Raw)
	if err != nil {
		p.fault(c, driver.NewFault(p.hub.Kind(err), p.hub.Mask(c.Raw), "%w", err))
		return false
	}
	known := p.with(func() *Station[F] {
		for _, s := range p.stations {
			if s.Name == name {
				p.conns[c], s.heard = s, time.Now()
				return s
			}
		}
		return nil
	}, func(s *Station[F]) { s.Frame(s.ctx, c, f) })
	if !known {
		p.fault(c, driver.NewFault(driver.KindUnit, p.hub.Mask(c.Raw), "station %q is not set up on %s", name, p.address))
	}
	return known
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
