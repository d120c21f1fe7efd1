package video

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/wire"
)

// Router forwards pictures from one publisher to many viewers.
type Router interface {
	// Publish takes the pictures of a stream. Somebody else who sends them is replaced when over is set; else this is
	// errs.Conflict.
	Publish(ctx context.Context, stream, offer string, over bool) (Answer, error)
	// Watch sends the pictures of a stream; the viewer may come before the publisher.
	Watch(ctx context.Context, stream, user string, wish Wish, offer string) (Answer, error)
	// Wall opens a connection with as many places as the offer has pictures, at most Places. Nothing is shown yet.
	Wall(ctx context.Context, user, offer string) (Answer, error)
	// Show puts a stream at a place of a wall instead of what was there. The showing is a session of its own.
	Show(wall string, place int, stream string, wish Wish) (Shown, error)
	// Wish changes what a session that watches wants of its picture.
	Wish(session string, wish Wish) error
	// Sent tells what a session that watches gets of its picture.
	Sent(session string) (Sent, error)
	// Layers tells whether the camera of a stream has a smaller picture, which is published as SubOf(stream).
	Layers(stream string, sub bool)
	// Speak sends the sound of a session to the scenes of some streams: to the sessions that publish them, as far as
	// those take sound, and to those that hear them. With plain it is taken in PCMA alone. Who may speak when is not
	// its matter. length is for how long sound has come of it, also after its end.
	Speak(ctx context.Context, streams []string, plain bool, offer string) (a Answer, length func() time.Duration, err error)
	// Hear sends a session what is spoken to the scene of a stream.
	Hear(ctx context.Context, stream, offer string) (Answer, error)
	// Patch adds candidates to a session or restarts its ICE. etag is If-Match as the client sent it.
	Patch(ctx context.Context, session, etag, fragment string) (Patch, error)
	// Hang ends a session.
	Hang(session string) error
	// Flow tells how a stream goes.
	Flow(stream string) Flow
	// Notify names who is told of changes. It is called once, before anything is published.
	Notify(func(Change))
}

// Answer is the reply to an offer.
type Answer struct {
	Session string
	ETag    string
	SDP     string
	User    string // whose session it is; filled by the service
}

// Shown is a stream at a place of a wall.
type Shown struct {
	Session string
	After   *uint32 // RTP time of the last packet of what was there before; nil: there was nothing
}

// Patch is the reply to a fragment; Fragment and ETag are set when ICE was restarted.
type Patch struct {
	Restarted bool
	ETag      string
	Fragment  string
}

// Flow is how a stream goes.
type Flow struct {
	Publishing bool      // a publisher is connected
	Last       time.Time // last packet of the picture; zero when there never was one
	Heard      time.Time // last packet of sound; zero when there never was one
	Viewers    int
	Wanted     int   // lanes that want the pictures of exactly this stream
	Bitrate    int64 // bits per second
}

// Change tells that the flow of a stream changed in kind, or that a session ended.
type Change struct {
	Stream string
	Ended  string // session, empty when none ended
	Sent   *Sent  // what a viewer gets has changed
}

// Devices knows the cameras (device.Service). Both methods see what the actor of the context sees.
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	All(ctx context.Context) ([]device.Device, error)
}

// People knows the users (account.Service).
type People interface {
	// Present is what a user may do now: errs.Unauthenticated when the user is gone or disabled.
	Present(ctx context.Context, userID string) (actor.Actor, error)
}

// Commander sends a command to an edge; an error means that it was not sent.
type Commander interface {
	Command(ctx context.Context, edge string, cmd wire.Command) error
}
