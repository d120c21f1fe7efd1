package film

import (
	"io"
	"time"
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
