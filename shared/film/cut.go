package film

import (
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
)

// Cut writes what a film shows from the last key frame at or before from on up to to, in whole parts, as a film of its
// own, and says which span of the film that is; a is b when it is nothing. The same span gives the same bytes, so that
// a transfer which broke off goes on where it was.
func (f Film) Cut(w io.Writer, r io.ReaderAt, from, to time.Duration) (a, b time.Duration, err error) {
	if len(f.Parts) == 0 || to <= from {
		return 0, 0, nil
	}
	parts := f.Parts[min(f.From(from), len(f.Parts)):max(f.From(from), f.Until(to))]
	if len(parts) == 0 {
		return 0, 0, nil
	}
	s, err := NewSplice(w, f)
	if err != nil {
		return 0, 0, err
	}
	last := parts[len(parts)-1]
	return parts[0].Time, last.Time + last.Duration, s.Add(r, parts, -parts[0].Time)
}

// CutSound writes what a file of sound has within from ≤ t < to as one of its own that begins at from, to the packet. The
// same span gives the same bytes. It is nothing, and n is 0, when there is none.
func (f Film) CutSound(w io.Writer, r io.ReaderAt, from, to time.Duration) (n int64, err error) {
	ticks := func(d time.Duration) int64 { return int64(d.Seconds() * float64(f.rate)) }
	put := func(text []byte) error {
		m, err := w.Write(text)
		n += int64(m)
		if err != nil {
			return fmt.Errorf("write sound: %w", err)
		}
		return nil
	}
	number := uint32(0)
	for _, part := range f.Parts {
		if part.Time+part.Duration <= from || part.Time >= to {
			continue
		}
		some, err := pictures(r, part, f.rate)
		if err != nil {
			return n, err
		}
		track := &fmp4.PartTrack{ID: 1}
		for _, one := range some {
			if one.at < ticks(from) || one.at >= ticks(to) {
				continue
			}
			text, err := one.read(r)
			if err != nil {
				return n, err
			}
			if len(track.Samples) == 0 {
				track.BaseTime = uint64(one.at - ticks(from)) //nolint:gosec // not negative
			}
			track.Samples = append(track.Samples, &fmp4.Sample{Duration: one.ticks, Payload: text})
		}
		if len(track.Samples) == 0 {
			continue
		}
		if number == 0 {
			head, err := soundHeader(f.sound, f.rate)
			if err == nil {
				err = put(head)
			}
			if err != nil {
				return n, err
			}
		}
		var text seekablebuffer.Buffer
		whole := fmp4.Part{SequenceNumber: number, Tracks: []*fmp4.PartTrack{track}}
		if err := whole.Marshal(&text); err != nil {
			return n, fmt.Errorf("write part of sound: %w", err)
		}
		if err := put(text.Bytes()); err != nil {
			return n, err
		}
		number++
	}
	return n, nil
}
