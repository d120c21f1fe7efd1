package camera

import (
	"errors"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/description"

	"github.com/fengsui/fengsui/shared/wire"
)

// codecError is ErrCodec of a camera that has a picture, coded in another way.
type codecError struct{ has string }

func (e *codecError) Error() string { return ErrCodec.Error() + ", but " + e.has }
func (e *codecError) Unwrap() error { return ErrCodec }

// codecs are those of the pictures that a camera describes, such as "H265".
func codecs(desc *description.Session) string {
	var out []string
	for _, media := range desc.Medias {
		if media.Type != description.MediaTypeVideo {
			continue
		}
		for _, f := range media.Formats {
			name, _, _ := strings.Cut(f.RTPMap(), "/")
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// faults are the kinds that the desk has a sentence for.
var faults = []struct {
	err  error
	kind string
}{
	{ErrUnreachable, wire.CameraUnreachable},
	{ErrPassword, wire.CameraPassword},
	{ErrNoPicture, wire.CameraPath},
	{ErrCodec, wire.CameraCodec},
	{ErrBFrames, wire.CameraBFrames},
	{ErrStalled, wire.CameraStalled},
	{ErrSource, wire.CameraSource},
}

// FaultOf names why a camera gives no picture; nil for what has no name.
func FaultOf(err error) *wire.CameraFault {
	for _, f := range faults {
		if !errors.Is(err, f.err) {
			continue
		}
		out := &wire.CameraFault{Kind: f.kind}
		if other, ok := errors.AsType[*codecError](err); ok {
			out.Has = other.has
		}
		return out
	}
	return nil
}
