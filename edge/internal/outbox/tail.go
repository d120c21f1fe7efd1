package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/fengsui/fengsui/shared/wire"
)

// tail holds the readings that wait for the next commit, so that a killed agent loses none of them: each
// is written to the kernel before Take returns, without waiting for the disk. There are two files in
// turn: while one generation is committed the next one goes to the other. A committed generation is
// overwritten, not truncated; its frames are known by their generation.
type tail struct {
	files [2]*os.File
	ends  [2]int64
}

// The frame: length and CRC32C (little endian) of what follows: generation, length and text of the boot,
// a batch.
const (
	tailHead = 8
	tailMost = wire.MaxPayload + 512
)

func openTail(file string) (*tail, error) {
	t := &tail{}
	for i := range t.files {
		f, err := os.OpenFile(fmt.Sprintf("%s.tail%d", file, i), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open tail of outbox: %w", err), t.close())
		}
		t.files[i] = f
	}
	return t, nil
}

func (t *tail) close() error {
	var out error
	for _, f := range t.files {
		if f != nil {
			out = errors.Join(out, f.Close())
		}
	}
	return out
}

// put writes readings of a generation behind those that are there.
func (t *tail) put(gen uint64, boot string, readings []wire.Reading, synced bool) error {
	if len(boot) > 255 {
		return fmt.Errorf("boot %.20s… is too long", boot)
	}
	for len(readings) > 0 {
		part := readings[:min(len(readings), blockRecords)]
		readings = readings[len(part):]
		b := wire.Batch{Lane: wire.LaneTelemetry, Synced: synced, SeqFrom: 1, SeqTo: uint64(len(part)), Readings: part}
		payload, err := b.Encode()
		if err != nil {
			return fmt.Errorf("encode readings for the tail: %w", err)
		}
		frame := make([]byte, tailHead, tailHead+9+len(boot)+len(payload))
		frame = binary.LittleEndian.AppendUint64(frame, gen)
		frame = append(frame, byte(len(boot)))
		frame = append(append(frame, boot...), payload...)
		binary.LittleEndian.PutUint32(frame, uint32(len(frame)-tailHead)) //nolint:gosec // at most tailMost
		binary.LittleEndian.PutUint32(frame[4:], crc32.Checksum(frame[tailHead:], crc32.MakeTable(crc32.Castagnoli)))
		i := gen % 2
		if _, err := t.files[i].WriteAt(frame, t.ends[i]); err != nil {
			return fmt.Errorf("write tail of outbox: %w", err)
		}
		t.ends[i] += int64(len(frame))
	}
	return nil
}

// reuse lets a generation that is committed, or was given up, be overwritten.
func (t *tail) reuse(gen uint64) { t.ends[gen%2] = 0 }

// frame is one Take of an earlier life.
type frame struct {
	gen   uint64
	boot  string
	batch *wire.Batch
}

// read returns what is in both files, in any order of generations. A torn or foreign end is where it ends.
func (t *tail) read() ([]frame, error) {
	var out []frame
	for _, f := range t.files {
		text, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<30))
		if err != nil {
			return nil, fmt.Errorf("read tail of outbox: %w", err)
		}
		out = append(out, frames(text)...)
	}
	return out, nil
}

// frames reads sound frames from the beginning of a file.
func frames(text []byte) []frame {
	var out []frame
	for len(text) >= tailHead {
		n := binary.LittleEndian.Uint32(text)
		if n < 9 || n > tailMost || int(n) > len(text)-tailHead {
			return out
		}
		body := text[tailHead : tailHead+int(n)]
		if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(text[4:]) {
			return out
		}
		text = text[tailHead+int(n):]
		gen, boot := binary.LittleEndian.Uint64(body), int(body[8])
		if len(body) < 9+boot {
			return out
		}
		batch, err := wire.Decode(body[9+boot:])
		if err != nil {
			return out
		}
		out = append(out, frame{gen, string(body[9 : 9+boot]), batch})
	}
	return out
}
