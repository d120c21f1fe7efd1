package bucket

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

const (
	blockSize   = 1 << 20
	keptBlocks  = 64 // of all readers together
	readTimeout = 30 * time.Second
)

// reader reads a file block by block: whoever looks through the heads of a film would ask for each of them otherwise.
type reader struct {
	b    *Bucket
	ctx  context.Context //nolint:containedctx // io.ReaderAt takes none
	file string
	size int64
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, at int64) (n int, err error) {
	if at < 0 {
		return 0, fmt.Errorf("read from the bucket: place %d", at)
	}
	for n < len(p) {
		if at >= r.size {
			return n, io.EOF
		}
		block, err := r.block(at / blockSize)
		if err != nil {
			return n, err
		}
		got := copy(p[n:], block[at%blockSize:])
		n, at = n+got, at+int64(got)
	}
	return n, nil
}

func (r *reader) block(number int64) ([]byte, error) {
	id := blockID{r.file, number}
	if kept := r.b.blocks.get(id); kept != nil {
		return kept, nil
	}
	from := number * blockSize
	want := min(blockSize, r.size-from)
	ctx, cancel := context.WithTimeout(r.ctx, readTimeout)
	defer cancel()
	var o minio.GetObjectOptions
	if err := o.SetRange(from, from+want-1); err != nil {
		return nil, fmt.Errorf("read from the bucket: %w", err)
	}
	in, err := r.b.client.GetObject(ctx, r.b.o.Name, r.b.key(r.file), o)
	if err != nil {
		return nil, told(err)
	}
	defer func() { _ = in.Close() }()
	data := make([]byte, want)
	if _, err := io.ReadFull(in, data); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = fmt.Errorf("it ends early: %w", io.ErrUnexpectedEOF)
		}
		return nil, told(err)
	}
	r.b.blocks.put(id, data)
	return data, nil
}

type blockID struct {
	file   string
	number int64
}

type kept struct {
	id   blockID
	data []byte
}

// blocks are those that were read last. Files of recordings do not change under their names.
type blocks struct {
	mu    sync.Mutex
	byID  map[blockID]*list.Element
	order list.List // the newest first
}

func (b *blocks) get(id blockID) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.byID[id]
	if e == nil {
		return nil
	}
	b.order.MoveToFront(e)
	return e.Value.(kept).data
}

func (b *blocks) put(id blockID, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byID == nil {
		b.byID = map[blockID]*list.Element{}
	}
	if b.byID[id] != nil {
		return
	}
	b.byID[id] = b.order.PushFront(kept{id, data})
	for b.order.Len() > keptBlocks {
		last := b.order.Back()
		delete(b.byID, last.Value.(kept).id)
		b.order.Remove(last)
	}
}

func (b *blocks) forget(file string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, e := range b.byID {
		if id.file == file {
			delete(b.byID, id)
			b.order.Remove(e)
		}
	}
}
