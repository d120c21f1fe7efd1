package tsdb

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/fengsui/fengsui/shared/wire"
)

// The body of an inbox row, all messages of one commit together:
//
//	version  one byte
//	crc      CRC32C of the rest, big endian
//	series   count uvarint, then each: id varint, column of shared/wire
//	events   count uvarint, then each: length uvarint, JSON of sourced
const (
	bodyVersion = 1
	bodyHead    = 5
)

// errBody is returned for an inbox row that cannot be read.
var errBody = errors.New("inbox row is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// column is what one commit adds to one series.
type column struct {
	id     int64
	points []wire.Point
}

// sourced is an event with the edge that sent it.
type sourced struct {
	Edge  string     `json:"edge"`
	Event wire.Event `json:"event"`
}

func appendBody(out []byte, columns []column, events []sourced) ([]byte, error) {
	out = append(out[:0], bodyVersion, 0, 0, 0, 0)
	out = binary.AppendUvarint(out, uint64(len(columns)))
	for _, c := range columns {
		out = binary.AppendVarint(out, c.id)
		out = wire.AppendColumn(out, c.points)
	}
	out = binary.AppendUvarint(out, uint64(len(events)))
	for _, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("write event %s: %w", e.Event.ID, err)
		}
		out = binary.AppendUvarint(out, uint64(len(text)))
		out = append(out, text...)
	}
	binary.BigEndian.PutUint32(out[1:], crc32.Checksum(out[bodyHead:], castagnoli))
	return out, nil
}

func readBody(body []byte) (columns []column, events []sourced, err error) {
	if len(body) < bodyHead || body[0] != bodyVersion || binary.BigEndian.Uint32(body[1:]) != crc32.Checksum(body[bodyHead:], castagnoli) {
		return nil, nil, errBody
	}
	rest := body[bodyHead:]
	count, rest, ok := uvarint(rest)
	if !ok || count > uint64(len(rest)) {
		return nil, nil, errBody
	}
	columns = make([]column, count)
	for i := range columns {
		id, n := binary.Varint(rest)
		if n <= 0 {
			return nil, nil, errBody
		}
		columns[i].id = id
		if columns[i].points, rest, err = wire.ReadColumn(rest[n:], math.MaxInt32); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errBody, err)
		}
	}
	if count, rest, ok = uvarint(rest); !ok || count > uint64(len(rest)) {
		return nil, nil, errBody
	}
	events = make([]sourced, count)
	for i := range events {
		var n uint64
		if n, rest, ok = uvarint(rest); !ok || n > uint64(len(rest)) {
			return nil, nil, errBody
		}
		if err := json.Unmarshal(rest[:n], &events[i]); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errBody, err)
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return nil, nil, errBody
	}
	return columns, events, nil
}

func uvarint(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
