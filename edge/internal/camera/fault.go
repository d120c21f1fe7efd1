package camera

import (
	"errors"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/description"

	"github.com/fengsui/fengsui/shared/wire"
)

// otherCodec is ErrCodec of a camera that has a picture, coded in another way.
type otherCodec struct{ has string }

func (e *otherCodec) Error() string { return ErrCodec.Error() + ", but " + e.has }
func (e *otherCodec) Unwrap() error { return ErrCodec }

// codecs are those of the pictures that a camera describes, such as "H265".
func codecs(desc *description.Session) string {
	var out []string
	for _, media := range desc.Medias {
		if media.Type != description.MediaTypeVideo {
			continue
		}
		for _, f := range media.Formats {
			out = append(out, f.Codec())
		}
	}
	return strings.Join(out, ", ")
}

// faults are the kinds that the desk has a sentence for.
var faults = []struct {
	err  error
	kind string
}{
	{ErrUnreachable, wire.CameraUnreachable}, {ErrPassword, wire.CameraPassword}, {ErrNoPicture, wire.CameraPath}, {ErrCodec, wire.CameraCodec},
	{ErrBFrames, wire.CameraBFrames}, {ErrStalled, wire.CameraStalled}, {ErrSource, wire.CameraSource},
}

// FaultOf names why a camera gives no picture; nil for what has no name.
func FaultOf(err error) *wire.CameraFault {
	for _, f := range faults {
		if !errors.Is(err, f.err) {
			continue
		}
		out := &wire.CameraFault{Kind: f.kind}
		if other, ok := errors.AsType[*otherCodec](err); ok {
			out.Has = other.has
		}
		return out
	}
	return nil
}
