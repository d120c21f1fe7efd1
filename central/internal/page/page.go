// Package page is the one shape of long lists: a request with search, sort and cursor, an answer with
// the items and where to go on.
package page

// MaxLimit is the most items one answer carries.
const MaxLimit = 500

// Request asks for part of a list. After is the id of the last item of the part before (Next of its
// answer), empty for the first. Each list has its own order: most by time, as UUIDv7 sorts, devices by id.
type Request struct {
	Search string
	After  string
	Limit  int // 0 means 100
}

// Size is the limit to use: 100 unless told, never above MaxLimit.
func (r Request) Size() int {
	switch {
	case r.Limit <= 0:
		return 100
	case r.Limit > MaxLimit:
		return MaxLimit
	}
	return r.Limit
}

// List is part of a list. Next is the After of the part that follows, empty at the end.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}
