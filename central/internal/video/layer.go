package video

import "strings"

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
