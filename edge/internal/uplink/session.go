package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	dialTimeout   = 10 * time.Second
	writeTimeout  = 20 * time.Second
	statusEvery   = 10 * time.Second       // while there is a backlog
	statusGone    = 30 * time.Second       // when it is gone but for what is on the way
	statusCalm    = 5 * time.Minute        // while there is none
	statusTrouble = time.Minute            // while the disk does not keep what is measured
	statusSparing = 10 * time.Minute       // while data is spared
	statusSettle  = 200 * time.Millisecond // changes within are told together
	helloAgain    = 3 * time.Second
	doubtAnswer   = 3 * time.Second // for a connection that may be stuck, behind the pictures of the return
	farewell      = 250             // ms to get the last packets out
	messageBuffer = 256
)

var (
	errRenew  = errors.New("session is made anew")
	errSilent = errors.New("link fell silent")
	errStuck  = errors.New("link is back, its connection is not")
)

// session is one connection, from dialling to its end.
type session struct {
	u       *Uplink
	client  mqtt.Client
	lost    chan error
	acks    chan []byte
	flow    *flow
	greeted bool
	means   bool      // the centre reads them
	asked   time.Time // of the last hello
	address string    // own end of the connection

	heard   atomic.Int64  // when something last came, Unix nanoseconds
	quiet   atomic.Int64  // since when something that was sent had no echo
	told    time.Time     // of the last status
	behind  bool          // the last status told of a backlog
	probed  time.Time     // when the heartbeat was sent that has no answer yet
	silence time.Duration // before it
}

// session reports whether the centre has answered the hello.
func (u *Uplink) session(ctx context.Context) (greeted bool, err error) {
	s := &session{u: u, lost: make(chan error, 1), acks: make(chan []byte, messageBuffer), flow: newFlow(u.o.Box)}
	if err := s.connect(ctx); err != nil {
		return false, err
	}
	defer s.client.Disconnect(0)
	if err := s.greet(ctx); err != nil {
		return false, err
	}
	err = s.loop(ctx)
	if ctx.Err() != nil || errors.Is(err, errRenew) {
		s.goodbye()
	}
	return s.greeted, err
}

// greet subscribes, says that the terminal is there, and sends the hello.
func (s *session) greet(ctx context.Context) error {
	edge := s.u.o.Edge
	topics := map[string]func([]byte){wire.AckTopic(edge): s.takeAck, wire.CommandTopic(edge): s.u.cmd.take}
	if s.u.o.Config != nil {
		topics[wire.ConfigTopic(edge)] = s.u.o.Config
	}
	for topic, take := range topics {
		token := s.client.Subscribe(topic, 1, func(_ mqtt.Client, m mqtt.Message) { take(m.Payload()) })
		if err := s.wait(ctx, token, "subscribe to "+topic); err != nil {
			return err
		}
		if t, ok := token.(*mqtt.SubscribeToken); ok && t.Result()[topic] > 2 {
			return fmt.Errorf("subscribe to %s: refused", topic)
		}
	}
	if err := s.hello(ctx); err != nil {
		return err
	}
	return s.status(ctx)
}

// takeAck hands the message to the loop. One that finds no room is lost, which a later one mends.
func (s *session) takeAck(payload []byte) {
	select {
	case s.acks <- payload:
	default:
	}
}

func (s *session) hello(ctx context.Context) error {
	h := s.u.o.Hello()
	epoch, lanes, err := s.u.o.Box.Lanes(ctx)
	if err != nil {
		return err
	}
	if h.Boots, err = s.u.o.Box.Boots(ctx, s.u.o.Boot); err != nil {
		s.u.o.Log.Warn("earlier starts are not known", "error", err)
	}
	h.Address = s.address
	now, synced := s.u.o.Clock.Now()
	h.Version, h.Boot, h.Epoch, h.Lanes, h.Time, h.Synced = wire.Version, s.u.o.Boot, epoch, lanes, wire.Millis(now), synced
	s.asked = time.Now()
	return s.publish(wire.HelloTopic(s.u.o.Edge), false, h)
}

func (s *session) status(ctx context.Context) error {
	st := s.u.o.Status(ctx)
	// The first of a session tells of what waited for it, however short that was.
	s.behind = late(st) || s.told.IsZero() && st.Backlog.Records > 0
	s.told = time.Now()
	return s.publish(wire.StatusTopic(s.u.o.Edge), true, st)
}

// ping sends the status and says when it was acknowledged.
func (s *session) ping(ctx context.Context, took chan<- time.Duration) error {
	text, err := json.Marshal(s.u.o.Status(ctx))
	if err != nil {
		return fmt.Errorf("encode status: %w", err)
	}
	begun := time.Now()
	token := s.client.Publish(wire.StatusTopic(s.u.o.Edge), 1, true, text)
	s.told = begun
	go func() {
		if token.WaitTimeout(writeTimeout) && token.Error() == nil {
			took <- time.Since(begun)
		}
	}()
	return nil
}

func (s *session) publish(topic string, retained bool, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", topic, err)
	}
	return s.send(topic, retained, text)
}

// send hands a message to the connection. Whether it arrives is not asked here.
func (s *session) send(topic string, retained bool, payload []byte) error {
	token := s.client.Publish(topic, 1, retained, payload)
	select {
	case <-token.Done():
		return token.Error()
	default:
		return nil
	}
}

// sendBlock sends a block as the centre can read it: one that was not upgraded yet would refuse a batch with means
// for ever. The outbox keeps them.
func (s *session) sendBlock(b *outbox.Block) error {
	payload := b.Payload
	if !s.means && b.Lane == wire.LaneTelemetry {
		plain, err := wire.Plain(payload)
		if err != nil {
			s.u.o.Log.Error("block is sent as it is", "lane", b.Lane, "from", b.From, "error", err)
		} else {
			payload = plain
		}
	}
	return s.send(wire.UpTopic(s.u.o.Edge, b.Lane), false, payload)
}

func (s *session) loop(ctx context.Context) error {
	status := time.NewTicker(statusEvery)
	defer status.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	settle, doubt := time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	defer settle.Stop()
	defer doubt.Stop()
	select {
	case <-s.u.doubts: // was of the session before
	default:
	}
	var doubted, again time.Time // zero: it is not; and last, by whichever camera
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.lost:
			return fmt.Errorf("link lost: %w", orEOF(err))
		case <-s.u.renew:
			return errRenew
		case <-s.u.doubts:
			if again = time.Now(); doubted.IsZero() {
				doubted = again
				doubt.Reset(doubtAnswer)
				err = s.status(ctx) // which the broker acknowledges
			}
		case <-doubt.C:
			if s.heard.Load() <= doubted.UnixNano() {
				return errStuck
			}
			if doubted = (time.Time{}); s.heard.Load() <= again.UnixNano() {
				s.u.Doubt()
			}
		case took := <-s.u.pings:
			err = s.ping(ctx, took)
		case payload := <-s.acks:
			err = s.ack(ctx, payload)
		case <-s.u.o.Box.Changed():
			err = s.fill(ctx)
		case <-s.u.o.Box.Troubled():
			settle.Reset(statusSettle)
		case <-s.u.changed:
			settle.Reset(statusSettle)
		case <-settle.C:
			err = s.status(ctx)
		case now := <-status.C:
			if s.statusDue(ctx, now) {
				err = s.status(ctx)
			}
		case now := <-second.C:
			err = errors.Join(s.beat(ctx, now), s.look(ctx, now))
		}
		if err != nil {
			return err
		}
	}
}

// look sends again what got no answer.
func (s *session) look(ctx context.Context, now time.Time) error {
	if !s.greeted {
		if now.Sub(s.asked) >= helloAgain {
			return s.hello(ctx)
		}
		return nil
	}
	for _, b := range s.flow.overdue(now) {
		if err := s.sendBlock(b); err != nil {
			return err
		}
		s.u.set(func(st *State) { st.Sent, st.Resent = st.Sent+1, st.Resent+1 })
	}
	return s.fill(ctx)
}

// fill sends blocks as long as the window has room.
func (s *session) fill(ctx context.Context) error {
	if !s.greeted {
		return nil
	}
	level := s.u.level()
	s.u.o.Box.SetLinked(level == wire.BudgetNormal)
	s.flow.spare(level, time.Now())
	for range messageBuffer / 4 { // then the acknowledgements are looked after
		b, err := s.flow.next(ctx)
		if err != nil {
			// The disk refuses: what is on the way may still be acknowledged, and that frees room.
			s.u.o.Log.Error("outbox gives no block", "error", err)
			return nil
		}
		if b == nil {
			return nil
		}
		s.flow.sent(b, time.Now())
		if err := s.sendBlock(b); err != nil {
			return err
		}
		s.u.set(func(st *State) { st.Sent, st.InFlight = st.Sent+1, len(s.flow.flights) })
	}
	return nil
}

func (s *session) ack(ctx context.Context, payload []byte) error {
	var a wire.Ack
	if err := json.Unmarshal(payload, &a); err != nil {
		s.u.o.Log.Warn("acknowledgement is malformed", "error", err)
		return nil
	}
	if a.Epoch != s.u.o.Box.Epoch() {
		return nil
	}
	switch {
	case a.Hello && a.Boot != "" && a.Boot != s.u.o.Boot, !a.Hello && !s.greeted:
		return nil // another terminal's, which speaks under the same identity; the answer to our hello has everything
	case a.Hello && a.Fork:
		if err := s.u.o.Box.Fork(ctx); err != nil {
			return err
		}
		return s.hello(ctx)
	}
	if a.Hello {
		if err := s.answered(ctx, a); err != nil {
			return err
		}
	} else {
		s.u.o.Clock.Heard(wire.Time(a.Time), 0)
		if err := s.u.o.Box.Ack(ctx, a.Lanes); err != nil {
			s.u.o.Log.Error("acknowledgement is not kept", "error", err) // the block goes out again later
			return nil
		}
	}
	s.flow.acked(a, time.Now())
	s.u.set(func(st *State) {
		st.InFlight, st.Window, st.RoundTrip = len(s.flow.flights), s.flow.window, s.flow.trip
	})
	return s.fill(ctx)
}

// answered takes the answer to a hello: from here on blocks are sent.
func (s *session) answered(ctx context.Context, a wire.Ack) error {
	behind, first := s.u.o.Clock.Heard(wire.Time(a.Time), time.Since(s.asked))
	if first && s.u.o.ClockSet != nil {
		s.u.o.ClockSet(ctx, behind)
	}
	lost, err := s.u.o.Box.Hello(ctx, a.Lanes)
	if err != nil {
		return err
	}
	if s.u.o.Box.Epoch() != a.Epoch {
		return s.hello(ctx)
	}
	if lost > 0 {
		s.u.o.Log.Warn("centre has lost what it had acknowledged; sending it again", "blocks", lost)
	}
	s.means = a.Means
	if err := s.flow.begin(ctx); err != nil {
		return err
	}
	if !s.greeted {
		s.greeted = true
		s.u.set(func(st *State) {
			st.Connected, st.Since, st.Attempts, st.Error = true, time.Now().UTC(), 0, ""
			st.Sessions++
		})
		s.u.o.Log.Info("link to the centre", "address", s.u.o.Address())
		if s.u.o.Greeted != nil {
			s.u.o.Greeted()
		}
	}
	return nil
}

// goodbye tells the centre before the broker would.
func (s *session) goodbye() {
	text, err := json.Marshal(wire.Status{State: "offline"})
	if err != nil {
		return // a struct of plain fields always encodes
	}
	s.client.Publish(wire.StatusTopic(s.u.o.Edge), 1, true, text).WaitTimeout(time.Second)
	s.client.Disconnect(farewell)
}
