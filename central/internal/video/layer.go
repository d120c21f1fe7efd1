package video

import (
	"context"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Layer is how much of a camera's picture is sent.
type Layer string

// The layers.
const (
	LayerMain  Layer = "main"  // the camera's large picture
	LayerSub   Layer = "sub"   // its smaller one
	LayerThin  Layer = "thin"  // key frames of the large one alone
	LayerPause Layer = "pause" // nothing: the last picture stands
)

// Why a viewer gets a layer.
type Why string

// The reasons.
const (
	WhyWished Why = "wished" // it is what the page asks for
	WhyLink   Why = "link"   // more does not get through
	WhyPinned Why = "pinned" // somebody has chosen it
	WhyNoSub  Why = "no_sub" // the camera has no smaller picture
)

// Wish is what a viewer wants of a picture.
type Wish struct {
	Layer  Layer // the most: main or sub; any layer but pause when it is pinned
	Pinned bool  // it does not follow the link
}

// Sent is what a viewer gets of a picture.
type Sent struct {
	Session string `json:"session"`
	Stream  string `json:"stream"`
	Layer   Layer  `json:"layer" enum:"main,sub,thin,pause"`
	Why     Why    `json:"why" enum:"wished,link,pinned,no_sub"`
	Wish    Layer  `json:"wish" enum:"main,sub,thin"`
	Pinned  bool   `json:"pinned"`
	HasSub  bool   `json:"has_sub"`
}

// Got tells one user what a viewer of theirs gets.
type Got struct {
	Sent
	User string `json:"-"`
}

// subMark ends the name of the stream of a camera's smaller picture. No device id holds it.
const subMark = "~sub"

// SubOf is the stream of the smaller picture of a stream's camera.
func SubOf(stream string) string { return stream + subMark }

// MainOf is the stream that a smaller picture belongs to; is false for any other stream.
func MainOf(stream string) (of string, is bool) { return strings.CutSuffix(stream, subMark) }

// Or is the wish, or for the large picture where there is none.
func (w Wish) Or() Wish {
	if w.Layer == "" {
		w.Layer = LayerMain
	}
	return w
}

// Choose changes what a viewer of the actor wants of its picture, and returns what it gets. Of a pinned layer it gets
// neither more nor less; pause cannot be pinned, for who wants no picture closes it.
func (s *Service) Choose(ctx context.Context, name string, w Wish) (Sent, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return Sent{}, err
	}
	s.mu.Lock()
	v, ok := s.sessions[name]
	s.mu.Unlock()
	if !ok || !v.watch || v.link != "" || v.user != a.ID {
		return Sent{}, errs.E(errs.NotFound, "video.no_session", "session has ended")
	}
	return s.choose(ctx, v.stream, name, w)
}

// ChooseBy does the same for whoever holds the token that opened the session.
func (s *Service) ChooseBy(ctx context.Context, token, id, name string, w Wish) (Sent, error) {
	if err := s.owns(token, id, name); err != nil {
		return Sent{}, err
	}
	return s.choose(ctx, id, name, w)
}

// SentBy is what the session that a token opened gets.
func (s *Service) SentBy(token, id, name string) (Sent, error) {
	if err := s.owns(token, id, name); err != nil {
		return Sent{}, err
	}
	return s.o.Router.Sent(name)
}

func (s *Service) choose(ctx context.Context, stream, name string, w Wish) (Sent, error) {
	switch w = w.Or(); {
	case w.Layer == LayerMain, w.Layer == LayerSub, w.Layer == LayerThin && w.Pinned:
	default:
		return Sent{}, errs.Field("video.layer", "layer", "main or sub, or thin when it is pinned")
	}
	if camera, ok := s.o.Devices.Visible(actor.WithSystem(ctx, "video"), stream); ok && s.hasSmaller(ctx, camera) {
		s.mu.Lock()
		s.smaller(camera)
		s.mu.Unlock()
	}
	if err := s.o.Router.Wish(name, w); err != nil {
		return Sent{}, err
	}
	s.poke()
	return s.o.Router.Sent(name)
}
