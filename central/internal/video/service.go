package video

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	connectWithin  = time.Minute // life of a token
	commandTimeout = 3 * time.Second
	commandLife    = 10 * time.Second
)

// Options is what the service needs.
type Options struct {
	Log       *slog.Logger
	Router    Router
	Devices   Devices
	People    People
	Commander Commander
	Events    event.Publisher
	Relay     Relay  // nil: there is none
	Key       []byte // signs the tokens; made for this run when empty

	Links   Links // of links, with what they need
	Tx      event.Tx
	Outside Outside
	// Belongs refuses a link for an incident or a person that the actor may not give to others; nil: links have neither.
	Belongs func(ctx context.Context, incident, person string) error

	// Smaller reports whether a camera has a smaller picture, and whether its terminal has said so; nil: none has.
	Smaller func(ctx context.Context, camera device.Device) (has, known bool)
}

// Service leases streams and lets people watch them.
type Service struct {
	o      Options
	signer signer

	mu       sync.Mutex
	streams  map[string]*stream
	sessions map[string]session
	walls    map[string]*wallOf
	used     map[string]int64         // nonces of watch tokens that opened a session, with their expiry
	barred   map[string]time.Time     // users whose tickets from before the time are void
	opens    map[string]*rate.Limiter // sessions that may begin by a link
	told     func(session string)     // of every session that ended; nil: nobody

	kick   chan struct{}
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// stream is what is known of one camera's picture since somebody first asked for it.
type stream struct {
	division string
	edge     string
	lease    lease
	shown    Stream    // as last told
	told     time.Time // when
	failure  string    // why the terminal could not be asked
	command  string    // the last start that it was asked
	refusal  string    // why it did not do that
	fault    string    // what the terminal says of the camera
	named    *wire.CameraFault
	reason   string // why the terminal must send although its data budget is used up
	busy     bool   // a command is on its way
	sends    bool   // a camera behind no terminal: it was said that it sends
	there    bool   // somebody holds a session to send it by a link
	small    bool   // it is the smaller picture of a camera: told to nobody
}

type session struct {
	nonce    string
	stream   string
	division string
	watch    bool
	user     string
	name     string
	since    time.Time

	link   string    // by which it was opened; empty: by a ticket
	author string    // who made that link
	until  time.Time // when that link expires
}

// holder is the user whose rights the session has.
func (v *session) holder() string {
	if v.link != "" {
		return v.author
	}
	return v.user
}

// New makes the service.
func New(o Options) *Service {
	if len(o.Key) == 0 {
		o.Key = make([]byte, keySize)
		_, _ = rand.Read(o.Key) // never fails
	}
	o.Log = o.Log.With("component", "video")
	return &Service{
		o: o, signer: signer{o.Key}, streams: map[string]*stream{}, sessions: map[string]session{}, walls: map[string]*wallOf{},
		used: map[string]int64{}, barred: map[string]time.Time{}, opens: map[string]*rate.Limiter{}, kick: make(chan struct{}, 1),
	}
}

// GiveFor says who judges for which incident and person a link may be. Call it before the API starts.
func (s *Service) GiveFor(belongs func(ctx context.Context, incident, person string) error) {
	s.o.Belongs = belongs
}

// Start begins to look after the leases.
func (s *Service) Start(ctx context.Context) error {
	ctx, s.cancel = context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "video"))
	s.o.Router.Notify(func(c Change) { s.changed(ctx, c) })
	s.wg.Go(func() { s.run(ctx) })
	return nil
}

// Stop ends that. Terminals end by themselves when their leases lapse.
func (s *Service) Stop(context.Context) error {
	if s.cancel != nil {
		s.cancel()
	}
	s.wg.Wait()
	return nil
}

// Streams lists the pictures that the actor may watch.
func (s *Service) Streams(ctx context.Context) ([]Stream, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return nil, err
	}
	cameras, err := s.o.Devices.All(actor.WithSystem(ctx, "video"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Stream, 0, len(cameras))
	for _, c := range cameras {
		if c.Kind != device.Camera || !a.Sees(c.Division) {
			continue
		}
		if known, ok := s.streams[c.ID]; ok {
			out = append(out, known.shown)
			continue
		}
		out = append(out, Stream{ID: c.ID, State: Idle, Outside: c.Parent == ""})
	}
	slices.SortFunc(out, func(a, b Stream) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// Watch asks the terminal for a stream and returns a ticket for one viewer. The picture may start later
// than the viewer. With a reason, which is written down, it is sent although the terminal's data budget is used
// up, until nobody watches any more.
func (s *Service) Watch(ctx context.Context, id, reason string) (Ticket, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return Ticket{}, err
	}
	now := time.Now()
	reason = strings.TrimSpace(reason)
	camera, err := s.watchable(ctx, id, reason)
	if err != nil {
		return Ticket{}, err
	}
	if err := s.lease(ctx, camera, reason, LayerMain, now); err != nil {
		return Ticket{}, err
	}
	expires := now.Add(connectWithin)
	token := s.signer.sign(claim{Stream: id, Action: Watch, Expires: expires.Unix(), User: a.ID, Name: a.Name})
	return Ticket{Stream: id, WHEP: "/whep/" + id, Token: token, Expires: expires.UTC()}, nil
}

// force writes down why a picture must be sent.
func (s *Service) force(ctx context.Context, camera device.Device, reason string) error {
	if len(reason) > maxReason || !errs.Text(reason, maxReason) {
		return errs.Field("video.reason", "reason", "too long, or with control characters")
	}
	forced := event.New(ctx, EventForced, camera.ID, camera.Division, Forced{camera.ID, reason})
	if err := s.o.Events.Record(ctx, &forced); err != nil {
		return err
	}
	s.o.Events.Publish(ctx, forced)
	return nil
}

func noStream(id string) error {
	return errs.E(errs.NotFound, "video.no_stream", "stream %s does not exist", id)
}

func offline(edge string, cause error) error {
	return &errs.Error{Kind: errs.Unavailable, Code: "video.edge_offline", Msg: "terminal " + edge + " is offline", Err: cause}
}

// lease makes sure that the terminal was asked, so that it starts while the viewer connects. A new reason is
// told it at once.
func (s *Service) lease(ctx context.Context, camera device.Device, reason string, l Layer, now time.Time) error {
	has := s.hasSmaller(ctx, camera)
	s.mu.Lock()
	st := s.stream(camera)
	if has {
		small := s.smaller(camera)
		small.reason = cmp.Or(reason, small.reason)
		if l == LayerSub {
			st = small
		}
	}
	fresh := (st.lease.running && (reason == "" || reason == st.reason)) || st.busy
	st.reason = cmp.Or(reason, st.reason)
	st.lease.want(now)
	if !fresh {
		st.lease.tried, st.busy = now, true
	}
	outside := st.edge == ""
	if outside { // nobody can be asked: whoever holds a link sends or does not
		st.busy = false
	}
	s.mu.Unlock()
	if fresh || outside {
		return nil
	}
	err := s.command(ctx, st.shown.ID, camera.Parent, start)
	s.mu.Lock()
	defer s.mu.Unlock()
	st.busy = false
	if err != nil {
		st.lease.hold = time.Time{}
		return offline(camera.Parent, err)
	}
	st.lease.started(now)
	s.poke()
	return nil
}

// stream returns the record of a camera. The caller holds the lock.
func (s *Service) stream(camera device.Device) *stream {
	st, ok := s.streams[camera.ID]
	if !ok {
		st = &stream{shown: Stream{ID: camera.ID, State: Idle, Outside: camera.Parent == ""}}
		s.streams[camera.ID] = st
	}
	st.division, st.edge = camera.Division, camera.Parent
	st.fault, st.named = "", nil
	if camera.State == device.Fault {
		st.fault, st.named = camera.Error, camera.Fault
	}
	return st
}

// hasSmaller reports whether a camera has a smaller picture, and tells the router when that is known.
func (s *Service) hasSmaller(ctx context.Context, camera device.Device) bool {
	if camera.Parent == "" || s.o.Smaller == nil {
		return false
	}
	has, known := s.o.Smaller(actor.WithSystem(ctx, "video"), camera)
	if known {
		s.o.Router.Layers(camera.ID, has)
	}
	return has
}

// smaller returns the record of a camera's smaller picture. The caller holds the lock.
func (s *Service) smaller(camera device.Device) *stream {
	id := SubOf(camera.ID)
	st, ok := s.streams[id]
	if !ok {
		st = &stream{shown: Stream{ID: id, State: Idle}, small: true}
		s.streams[id] = st
	}
	st.division, st.edge = camera.Division, camera.Parent
	return st
}

// command sends one media command.
func (s *Service) command(ctx context.Context, id, edge string, a act) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	now := time.Now()
	kind, message := wire.CommandMediaStop, any(wire.MediaStop{Stream: id})
	if a == start {
		token := s.signer.sign(claim{Stream: id, Action: Publish, Expires: now.Add(connectWithin).Unix(), User: edge})
		kind = wire.CommandMediaStart
		ask := wire.MediaStart{Camera: id, Stream: id, WHIP: "/whip/" + id, Token: token, LeaseSeconds: int(leaseLength.Seconds()), Reason: s.reason(id)}
		if camera, is := MainOf(id); is {
			ask.Camera, ask.Layer = camera, wire.LayerSub
		}
		message = ask
	}
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	number, err := uuid.NewV7()
	if err != nil {
		return err
	}
	if a == start {
		// The answer may be here before Command returns.
		s.mu.Lock()
		if st, ok := s.streams[id]; ok {
			st.command = number.String()
		}
		s.mu.Unlock()
	}
	return s.o.Commander.Command(ctx, edge, wire.Command{
		ID: number.String(), Kind: kind, Expires: wire.Millis(now.Add(commandLife)), Body: body,
	})
}

// reason is why the stream must be sent although the budget is used up; empty: it need not.
func (s *Service) reason(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st, ok := s.streams[id]; ok {
		return st.reason
	}
	return ""
}
