package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gosnmp/gosnmp"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

const pause = 5 * time.Millisecond // between two looks at what is not there yet

// post plays a device that posts.
func (c *Case) post(ctx context.Context, address string) error {
	for _, f := range c.Frames {
		for {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+c.Station, strings.NewReader(f.Send))
			if err != nil {
				return fmt.Errorf("post to the driver: %w", err)
			}
			r.Header.Set("Authorization", "Bearer "+c.Secret)
			answer, err := http.DefaultClient.Do(r)
			if err == nil {
				_ = answer.Body.Close()
				if got := strconv.Itoa(answer.StatusCode); got != f.Answer {
					return fmt.Errorf("answered %s, want %s", got, f.Answer)
				}
				break
			}
			select { // the driver opens its port in its own time
			case <-ctx.Done():
				return fmt.Errorf("post to the driver: %w", err)
			case <-time.After(pause):
			}
		}
	}
	return nil
}

// publish plays a broker with a device that publishes: each frame must be acknowledged.
func (c *Case) publish(ctx context.Context, p *profile.Profile, open driver.Opener) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = l.Close() }()
	o := driver.Options{ID: p.ID, Address: l.Addr().String(), Station: c.Station, Secret: c.Secret, Profile: p}
	var conn net.Conn // open until the driver has ended: a broker that hangs up is an error
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	return c.listen(ctx, o, open, func(ctx context.Context, _ *memory) error {
		stop := context.AfterFunc(ctx, func() { _ = l.Close() })
		defer stop()
		var err error
		if conn, err = l.Accept(); err != nil {
			return fmt.Errorf("take the driver's connection: %w", err)
		}
		hangUp := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer hangUp()
		return c.broker(conn)
	})
}

func (c *Case) broker(conn net.Conn) error {
	for acked := 0; acked < len(c.Frames); {
		packet, err := packets.ReadPacket(conn)
		if err != nil {
			return fmt.Errorf("hear the driver: %w", err)
		}
		switch in := packet.(type) {
		case *packets.ConnectPacket:
			err = packets.NewControlPacket(packets.Connack).Write(conn)
		case *packets.SubscribePacket:
			out, ok := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
			if !ok || len(in.Topics) != 1 || in.Topics[0] != c.Station {
				return fmt.Errorf("driver subscribes %v", in.Topics)
			}
			out.MessageID, out.ReturnCodes = in.MessageID, []byte{1}
			err = errors.Join(out.Write(conn), c.deliver(conn, 0))
		case *packets.PubackPacket:
			acked++
			err = c.deliver(conn, acked)
		}
		if err != nil {
			return fmt.Errorf("answer the driver: %w", err)
		}
	}
	return nil
}

func (c *Case) deliver(conn net.Conn, i int) error {
	if i >= len(c.Frames) {
		return nil
	}
	out, ok := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	if !ok {
		return errors.ErrUnsupported
	}
	out.Qos, out.TopicName, out.MessageID, out.Payload = 1, c.Station, uint16(i+1), []byte(c.Frames[i].Send) //nolint:gosec // few
	return out.Write(conn)                                                                                   //nolint:wrapcheck // broker does
}

// file plays a recorded file.
func (c *Case) file(ctx context.Context, p *profile.Profile, open driver.Opener) error {
	dir, err := os.MkdirTemp("", "fengsui-replay")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "recording.csv")
	if err := os.WriteFile(file, []byte(strings.Join(c.Lines, "\n")), 0o600); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return c.listen(ctx, driver.Options{ID: p.ID, Address: file, Profile: p}, open, func(ctx context.Context, heard *memory) error {
		for !c.satisfied(heard) {
			select {
			case <-ctx.Done():
				return fmt.Errorf("the driver plays no more: %w", ctx.Err())
			case <-time.After(pause):
			}
		}
		return nil
	})
}

// satisfied reports whether there is a value of everything that is wanted.
func (c *Case) satisfied(heard *memory) bool {
	heard.mu.Lock()
	defer heard.mu.Unlock()
	got := map[string]driver.Sample{}
	for _, s := range heard.samples {
		got[s.Property] = s
	}
	return c.complete(got)
}

// levels plays the lines of a terminal.
func (c *Case) levels(ctx context.Context, p *profile.Profile, open driver.Opener) error {
	dir, err := os.MkdirTemp("", "fengsui-replay")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	folderOf := func(line int) string { return filepath.Join(dir, "gpio"+strconv.Itoa(line)) }
	out := p.Output(c.Switch)
	for line, level := range c.Levels {
		folder := folderOf(line)
		direction := "in\n"
		if out != nil && out.Line != nil && int(*out.Line) == line {
			direction = "out\n"
		}
		err := errors.Join(
			os.Mkdir(folder, 0o700),
			os.WriteFile(filepath.Join(folder, "direction"), []byte(direction), 0o600),
			os.WriteFile(filepath.Join(folder, "value"), fmt.Appendf(nil, "%d\n", level), 0o600),
		)
		if err != nil {
			return fmt.Errorf("make line %d: %w", line, err)
		}
	}
	if err := c.ask(ctx, driver.Options{ID: p.ID, Address: dir, Profile: p}, open); err != nil {
		return err
	}
	for line, want := range c.Then {
		got, err := os.ReadFile(filepath.Join(folderOf(line), "value"))
		if err != nil {
			return fmt.Errorf("look at line %d: %w", line, err)
		}
		if level := strings.TrimSpace(string(got)); level != strconv.Itoa(want) {
			return fmt.Errorf("line %d stands at %s, want %d", line, level, want)
		}
	}
	return nil
}

// snmp plays an agent: the recorded answer is given the number of the request.
func (c *Case) snmp(ctx context.Context, p *profile.Profile, open driver.Opener) error {
	l, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	played := make(chan error, 1)
	go func() { played <- c.respond(l) }()
	secret := c.Secret
	if secret == "" {
		secret = "public"
	}
	err = c.ask(ctx, driver.Options{ID: p.ID, Address: l.LocalAddr().String(), Station: c.Station, Secret: secret, Profile: p}, open)
	err = errors.Join(err, l.Close())
	if said := <-played; said != nil {
		return said
	}
	return err
}

func (c *Case) respond(l net.PacketConn) error {
	buf := make([]byte, 65536)
	for _, x := range c.Exchanges {
		want, err := message(x.Request)
		if err != nil {
			return err
		}
		answer, err := message(x.Response)
		if err != nil {
			return err
		}
		n, from, err := l.ReadFrom(buf)
		if err != nil {
			return nil //nolint:nilerr // the driver asked no more; what it read tells why
		}
		got, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(buf[:n])
		if err != nil {
			return fmt.Errorf("read the driver's request: %w", err)
		}
		if a, b := names(got), names(want); a != b {
			return fmt.Errorf("driver asks for %s, the recording has %s", a, b)
		}
		answer.RequestID = got.RequestID
		raw, err := answer.MarshalMsg()
		if err != nil {
			return fmt.Errorf("make the answer: %w", err)
		}
		if _, err := l.WriteTo(raw, from); err != nil {
			return fmt.Errorf("answer the driver: %w", err)
		}
	}
	return nil
}

func message(text string) (*gosnmp.SnmpPacket, error) {
	raw, err := frame(text)
	if err != nil {
		return nil, err
	}
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(raw)
	if err != nil {
		return nil, fmt.Errorf("frame %q is not SNMP: %w", text, err)
	}
	return p, nil
}

func names(p *gosnmp.SnmpPacket) string {
	var out []string
	for _, v := range p.Variables {
		out = append(out, strings.TrimPrefix(v.Name, "."))
	}
	return strings.Join(out, " ")
}
