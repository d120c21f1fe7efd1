package poller

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"sync"
)

const (
	remembered = 64 // messages of a device that would be known again
	keySize    = 8
)

// recent are the last messages of one device, so that one which is sent again is taken once, also when the
// agent was killed before it could acknowledge: they are kept in the commit of the message itself.
type recent struct {
	id  string
	get func(ctx context.Context, key string) ([]byte, error)

	mu     sync.Mutex
	loaded bool
	keys   []byte // hashes, the newest last
}

// begin locks, and gives what to keep with a message; nil when the message is known.
func (r *recent) begin(ctx context.Context, key string) (map[string][]byte, error) {
	r.mu.Lock()
	if !r.loaded && r.get != nil {
		keys, err := r.get(ctx, r.name())
		if err != nil {
			return nil, fmt.Errorf("read what was taken before: %w", err)
		}
		r.keys = keys[:len(keys)/keySize*keySize]
	}
	r.loaded = true
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	sum := h.Sum(nil)
	for i := 0; i < len(r.keys); i += keySize {
		if bytes.Equal(r.keys[i:i+keySize], sum) {
			return nil, nil
		}
	}
	keys := append(bytes.Clone(r.keys), sum...)
	return map[string][]byte{r.name(): keys[max(0, len(keys)-remembered*keySize):]}, nil
}

// taken remembers the message that began.
func (r *recent) taken(values map[string][]byte) { r.keys = values[r.name()] }

func (r *recent) end() { r.mu.Unlock() }

func (r *recent) name() string { return "recent." + r.id }
