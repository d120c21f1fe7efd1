package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
)

// Limits of one live view.
const (
	liveQueue     = 1024            // events a reader may lag behind before it is dropped
	liveWrite     = 5 * time.Second // and how long one message may take to leave
	liveCoalesce  = 100 * time.Millisecond
	liveHeartbeat = 4 * time.Second
	liveRecheck   = time.Minute       // whether the session still stands
	liveDeaf      = 3 * liveHeartbeat // a desk that has not said for so long that it hears alarms does not count
	livePing      = 15 * time.Second
	liveSilence   = 45 * time.Second // without a pong the browser is gone
	livePerUser   = 16
	liveReadLimit = 1 << 10
	livePatience  = 5 * time.Second // with a browser that does not ask for the next part of a snapshot
	livePlain     = 4 << 10         // bytes of a message from which on it is sent compressed
)

// LiveSources are what a snapshot is made of. Each sees what the actor of the context may see; a source
// that the actor may not use answers errs.Denied and stays empty.
type LiveSources struct {
	Events  *event.Bus
	Devices func(context.Context) ([]device.Device, error)
	Latest  func(context.Context) ([]telemetry.Latest, error)
	Alarms  func(context.Context) ([]telemetry.Alarm, error)
	Streams func(context.Context) ([]video.Stream, error)
	Health  func(context.Context) (telemetry.Health, error) // of the store of readings
	Windows func(context.Context) ([]maintenance.Window, error)
	Unkept  func() bool // nothing is recorded, for the disk of recordings is full; nil: nothing ever is
}

// live holds the open views, so that the server can end them.
type live struct {
	src LiveSources

	mu      sync.Mutex
	stopped bool
	open    map[*view]struct{}
	wg      sync.WaitGroup
}

// RegisterLive adds GET /api/v1/live: a WebSocket that sends a snapshot, then increments. A large snapshot comes in parts,
// each after the browser has asked for it by any message; what changes meanwhile does not wait behind them.
func RegisterLive(s *Server, src LiveSources) {
	s.live = &live{src: src, open: map[*view]struct{}{}}
	upgrade := websocket.New(s.serveLive, websocket.Config{HandshakeTimeout: 5 * time.Second, WriteBufferSize: 32 << 10, EnableCompression: true})
	s.fiber.Get(prefix+"/live", func(c *fiber.Ctx) error {
		ctx := c.UserContext()
		who, ok := actor.From(ctx)
		if !ok || len(who.Permissions) == 0 {
			return errs.E(errs.Unauthenticated, "auth.required", "sign in first")
		}
		if !websocket.IsWebSocketUpgrade(c) {
			return fiber.ErrUpgradeRequired
		}
		cred := credentialOf(ctx)
		if cred.cookie && !s.sameOrigin(c) {
			return errOrigin()
		}
		c.Locals("who", who)
		c.Locals("credential", cred)
		return upgrade(c)
	})
}

func (s *Server) serveLive(conn *websocket.Conn) {
	who, _ := conn.Locals("who").(actor.Actor)
	cred, _ := conn.Locals("credential").(credential)
	ctx, cancel := context.WithCancel(actor.With(context.Background(), who))
	defer cancel()
	v := &view{
		server: s, conn: conn, who: who, cred: cred, cancel: cancel, visible: map[string]bool{},
		told: make(chan struct{}, 1), asked: make(chan struct{}, 1),
	}
	if !s.live.add(v) {
		v.end(websocket.CloseTryAgainLater, "too many live views")
		return
	}
	defer s.live.remove(v)
	sub := s.live.src.Events.Subscribe(liveQueue)
	defer sub.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.read()
	}()
	code, why := websocket.ClosePolicyViolation, "session ended"
	// It may have ended between the handshake and the subscription, of which no event will tell.
	if v.stands(ctx) {
		code, why = v.run(ctx, sub)
	}
	v.end(code, why)
	v.wait(ended)
}

func (l *live) add(v *view) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for o := range l.open {
		if o.who.ID == v.who.ID {
			n++
		}
	}
	if l.stopped || n >= livePerUser {
		return false
	}
	l.open[v] = struct{}{}
	l.wg.Add(1)
	return true
}

func (l *live) remove(v *view) {
	l.mu.Lock()
	delete(l.open, v)
	if v.hears(time.Now()) {
		l.tell()
	}
	l.mu.Unlock()
	l.wg.Done()
}

// stop ends all views and waits for them.
func (l *live) stop() {
	l.mu.Lock()
	l.stopped = true
	for v := range l.open {
		v.cancel()
	}
	l.mu.Unlock()
	l.wg.Wait()
}

// liveMessage is what goes over the socket. Only what changed is there.
type liveMessage struct {
	Type    string               `json:"type"` // snapshot, part, update
	Seq     uint64               `json:"seq"`
	Time    time.Time            `json:"time"`
	Devices []device.Device      `json:"devices,omitzero"`
	Latest  []telemetry.Latest   `json:"latest,omitzero"`
	Alarms  []telemetry.Alarm    `json:"alarms,omitzero"`
	Streams []video.Stream       `json:"streams,omitzero"`
	Sent    []video.Sent         `json:"sent,omitzero"`    // what viewers of this user get of their pictures
	Health  *telemetry.Health    `json:"health,omitempty"` // of the store of readings
	Duty    *time.Time           `json:"duty,omitempty"`   // who is on duty, or a roster, has changed: ask again
	Desk    *time.Time           `json:"desk,omitempty"`   // clocks or the log of a desk have changed: ask again
	Cases   *time.Time           `json:"cases,omitempty"`  // the inbox, incidents or reports have changed: ask again
	Unkept  *bool                `json:"unkept,omitempty"` // nothing is recorded, for the disk of recordings is full
	Rooms   *time.Time           `json:"rooms,omitempty"`  // consultations, or invitations to them, have changed: ask again
	Rules   *time.Time           `json:"rules,omitempty"`  // rules or their exceptions have changed: ask again
	Talk    *time.Time           `json:"talk,omitempty"`   // who speaks to which scene has changed: ask again
	Crew    *time.Time           `json:"crew,omitempty"`   // what became of messages to scenes has changed: ask again
	Steer   *time.Time           `json:"steer,omitempty"`  // who turns which camera has changed: ask again
	Windows []maintenance.Window `json:"windows,omitzero"` // maintenance: now, coming and lately past
	Desks   []string             `json:"desks,omitzero"`   // divisions at which somebody hears alarms and can take them
	Removed *liveRemoved         `json:"removed,omitempty"`
	Crowd   *liveCrowd           `json:"crowd,omitempty"` // of the devices that come in later parts
	More    bool                 `json:"more,omitempty"`  // of a snapshot or part: there is another, which the browser asks for
}

type liveRemoved struct {
	Devices []string `json:"devices"`
}

// view is one browser.
type view struct {
	server *Server
	conn   *websocket.Conn
	who    actor.Actor
	cred   credential
	cancel context.CancelFunc

	seq     uint64
	visible map[string]bool // devices this actor sees
	desks   []string        // that it was last told of
	told    chan struct{}   // desks may have changed
	heard   time.Time       // when it last said that it hears alarms; guarded by live.mu
	pending pending
	parts   []liveMessage // of the snapshot, that have not left
	asked   chan struct{} // the browser has room for one
}

// read takes what the browser says: whether it hears alarms, and that it takes another part. Closing and pongs are
// noticed here.
func (v *view) read() {
	v.conn.SetReadLimit(liveReadLimit)
	alive := func(string) error { return v.conn.SetReadDeadline(time.Now().Add(liveSilence)) }
	_ = alive("")
	v.conn.SetPongHandler(alive)
	for {
		_, text, err := v.conn.ReadMessage()
		if err != nil {
			v.cancel()
			return
		}
		if string(text) != sayMore {
			v.server.live.hear(v, string(text), time.Now())
			continue
		}
		select {
		case v.asked <- struct{}{}:
		default:
		}
	}
}

// wait ends read. The library takes the connection back when the handler returns, and closing it does not
// wake a reader: only a deadline does. A pong may move it once more.
func (v *view) wait(ended <-chan struct{}) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		_ = v.conn.SetReadDeadline(time.Now())
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
}

// run sends until the view ends and says why it ended.
func (v *view) run(ctx context.Context, sub *event.Subscription) (int, string) {
	snapshot, err := v.snapshot(ctx)
	if ctx.Err() != nil {
		return websocket.CloseGoingAway, "gone" // the browser has left, or the centre stops
	}
	if err != nil {
		v.server.opts.Log.Error("live snapshot failed", "user", v.who.ID, "error", err)
		return websocket.CloseInternalServerErr, "snapshot failed"
	}
	if err := v.show(snapshot); err != nil {
		return unsent(err)
	}
	flush := time.NewTimer(liveHeartbeat)
	defer flush.Stop()
	recheck := time.NewTicker(liveRecheck)
	defer recheck.Stop()
	ping := time.NewTicker(livePing)
	defer ping.Stop()
	patience := time.NewTimer(livePatience)
	defer patience.Stop()
	waiting := false
	for {
		select {
		case <-v.asked:
			if err := v.goOn(patience, flush); err != nil {
				return unsent(err)
			}
		case <-patience.C:
			if err := v.goOn(patience, flush); err != nil {
				return unsent(err)
			}
		case <-ctx.Done():
			return websocket.CloseGoingAway, "the centre stops"
		case <-ping.C:
			if err := v.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(liveWrite)); err != nil {
				return websocket.CloseGoingAway, "gone"
			}
		case <-recheck.C:
			if !v.stands(ctx) {
				return websocket.ClosePolicyViolation, "session ended"
			}
		case <-v.told:
			if !slices.Equal(v.server.live.desks(v.who, time.Now()), v.desks) {
				waiting = true
				flush.Reset(0)
			}
		case <-flush.C:
			waiting = false
			flush.Reset(liveHeartbeat)
			if err := v.send(v.increment()); err != nil {
				return unsent(err)
			}
		case e, ok := <-sub.C():
			if !ok {
				return websocket.CloseTryAgainLater, "too slow"
			}
			if concerns(e, v.who) && !v.stands(ctx) {
				return websocket.ClosePolicyViolation, "session ended"
			}
			switch v.pending.add(e, v) {
			case ignored:
			case soon:
				if !waiting {
					waiting = true
					flush.Reset(liveCoalesce)
				}
			case now:
				waiting = true
				flush.Reset(0)
			}
		}
	}
}

// concerns reports whether an event may have shrunk the rights of the actor.
func concerns(e event.Event, who actor.Actor) bool {
	return !e.Ephemeral && (e.Subject == who.ID || e.Kind == account.EventOrgChanged)
}

// stands reports whether the credential still stands for the same rights.
func (v *view) stands(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	who, err := v.server.look(ctx, v.cred)
	if err != nil {
		return errs.KindOf(err) != errs.Unauthenticated && errs.KindOf(err) != errs.Denied
	}
	return who.DivisionCode == v.who.DivisionCode && slices.Equal(who.Permissions, v.who.Permissions)
}

// look asks who a credential stands for without noting a use: a view left open keeps no session alive.
func (s *Server) look(ctx context.Context, cred credential) (actor.Actor, error) {
	if s.accounts == nil {
		return s.actorOf(ctx, cred)
	}
	who, err := s.accounts.Check(ctx, cred.token)
	return who.Actor, err
}

func (v *view) send(m liveMessage) error {
	v.seq++
	m.Seq, m.Time = v.seq, time.Now().UTC()
	if m.Type == "" {
		m.Type = "update"
	}
	if desks := v.server.live.desks(v.who, m.Time); m.Type == "snapshot" || !slices.Equal(desks, v.desks) {
		m.Desks, v.desks = desks, desks
	}
	// Made before the frame begins: a list that cannot be written must not reach the browser as an empty one.
	text, err := json.Marshal(m)
	if err != nil {
		v.server.opts.Log.Error("live message cannot be written", "user", v.who.ID, "type", m.Type, "error", err)
		return fmt.Errorf("write live message: %w: %w", errUnwritable, err)
	}
	if err := v.conn.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil {
		return err
	}
	v.conn.EnableWriteCompression(len(text) >= livePlain)
	return v.conn.WriteMessage(websocket.TextMessage, text)
}

// errUnwritable is the fault of the centre, not of the browser.
var errUnwritable = errors.New("message cannot be written")

// unsent is how a view ends whose message did not leave.
func unsent(err error) (int, string) {
	if errors.Is(err, errUnwritable) {
		return websocket.CloseInternalServerErr, errUnwritable.Error()
	}
	return websocket.CloseGoingAway, "gone"
}

func (v *view) end(code int, why string) {
	_ = v.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(time.Second))
	_ = v.conn.Close()
}
