package event

import (
	"context"
	"sync"
)

type holdKey struct{}

// hold keeps what is published inside a transaction: whoever hears of it asks at once, and must not read what was before.
type hold struct {
	mu   sync.Mutex
	open bool
	held []func(outside func(context.Context) context.Context)
}

// Hold makes the context of a transaction. Call release after its commit, with what takes the transaction off a context;
// what was held is forgotten without.
func Hold(ctx context.Context) (inside context.Context, release func(outside func(context.Context) context.Context)) {
	h := &hold{open: true}
	return context.WithValue(ctx, holdKey{}, h), func(outside func(context.Context) context.Context) {
		h.mu.Lock()
		held := h.held
		h.open, h.held = false, nil
		h.mu.Unlock()
		for _, publish := range held {
			publish(outside)
		}
	}
}

// later keeps a publication until the transaction of the context has been committed. It reports false where there is none.
func later(ctx context.Context, publish func(context.Context)) bool {
	h, _ := ctx.Value(holdKey{}).(*hold)
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open {
		return false
	}
	h.held = append(h.held, func(outside func(context.Context) context.Context) { publish(outside(ctx)) })
	return true
}
