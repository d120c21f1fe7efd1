package publisher

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/whip"
)

// The waits between attempts to publish.
const (
	retryFirst = 250 * time.Millisecond
	retryLast  = 4 * time.Second
)

// lease sends one camera until it is over. Renewals move the end.
type lease struct {
	pub    *Publisher
	log    *slog.Logger
	stream string
	camera string
	sub    bool           // its smaller picture
	src    *camera.Camera // where that comes from
	out    *outlet
	voice  *voice          // nil: the camera's sound is not sent
	ctx    context.Context //nolint:containedctx // the life of the lease itself; end cancels it
	end    context.CancelFunc
	timer  *time.Timer

	mu      sync.Mutex
	until   time.Time
	target  string
	token   string
	renewed chan struct{} // closed and made anew when the token changes
}

func newLease(ctx context.Context, p *Publisher, stream, cam string, sub bool, length time.Duration, target, token string) (*lease, error) {
	out, err := newOutlet(stream)
	if err != nil {
		return nil, err
	}
	l := &lease{
		pub: p, stream: stream, camera: cam, sub: sub, out: out, target: target, token: token,
		log: p.o.Log.With("stream", stream), renewed: make(chan struct{}), until: time.Now().Add(length),
	}
	switch s := p.cameras[cam]; {
	case sub:
		l.src = s.small.camera
	default:
		l.src = s.camera
		if s.sound {
			l.voice = &voice{stream: stream}
		}
	}
	l.ctx, l.end = context.WithCancel(ctx)
	l.timer = time.AfterFunc(length, l.lapse)
	return l, nil
}

// lapse ends the lease, unless it was renewed while the timer fired.
func (l *lease) lapse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rest := time.Until(l.until); rest > 0 {
		l.timer.Reset(rest)
		return
	}
	l.end()
}

func (l *lease) renew(length time.Duration, target, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = time.Now().Add(length)
	l.timer.Reset(length)
	if target != l.target || token != l.token {
		l.target, l.token = target, token
		close(l.renewed)
		l.renewed = make(chan struct{})
	}
}

func (l *lease) credential() (target, token string, renewed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.target, l.token, l.renewed
}

// run reads the camera, which begins at once where it is open already, and keeps a session to the centre until the lease is over.
func (l *lease) run() {
	l.log.Info("stream leased", "camera", l.camera)
	defer l.timer.Stop()
	defer l.end()
	var wg sync.WaitGroup
	if other := l.pub.cameras[l.camera].other; other != nil && l.voice != nil {
		wg.Go(func() { other.Run(l.ctx, l.voice.offer) })
	} else if l.voice != nil {
		stop := l.src.Hear(l.voice.offer)
		defer stop()
	}
	stop := l.src.Read(l.out.prime, l.out.offer)
	defer stop()
	wg.Go(func() { l.out.run(l.ctx) })
	wait := retryFirst
	for l.ctx.Err() == nil {
		target, token, renewed := l.credential()
		began := time.Now()
		err := l.session(target, token)
		if l.ctx.Err() != nil {
			break
		}
		if time.Since(began) > 2*retryLast {
			wait = retryFirst
		}
		l.log.Warn("session to the centre ended", "error", err)
		pause := wait
		wait = min(2*wait, retryLast)
		switch {
		case errors.Is(err, whip.ErrToken):
			pause = retryLast // the same token fails again; the next renewal brings another
		case errors.Is(err, whip.ErrLink):
			renewed = nil
			if silent := time.Now(); whip.Reach(l.ctx, l.pub.o.Client, target) == nil && time.Since(silent) > retryFirst {
				pause, wait = 0, retryFirst // the link is back
				l.pub.o.Back()
			}
		default:
			renewed = nil
		}
		select {
		case <-l.ctx.Done():
		case <-time.After(pause):
		case <-renewed:
			wait = retryFirst
		}
	}
	wg.Wait()
	l.log.Info("stream ended", "camera", l.camera)
}
