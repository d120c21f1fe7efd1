package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/zstd"
)

// Quality of a reading.
type Quality uint8

// The qualities. Anything above Uncertain is shown but raises no alarm.
const (
	Good      Quality = 0
	Uncertain Quality = 1 // taken while the clock was not set, or out of the calibrated range
	Bad       Quality = 2 // the device answered with an error or a value it cannot have
)

// Reading is one value of one series (device and property) at one time.
type Reading struct {
	Device   string
	Property string
	At       int64 // device time, Unix milliseconds
	Value    float64
	Quality  Quality
	Count    uint32 // as of Point
}

// Event is something that happened at the edge.
type Event struct {
	ID     string          `json:"id"` // UUIDv7
	At     int64           `json:"at"` // Unix milliseconds
	Kind   string          `json:"kind"`
	Device string          `json:"device,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// Kinds of events.
const (
	EventAlarm  = "alarm"  // Data is AlarmEvent
	EventLoss   = "loss"   // Data is LossEvent
	EventResult = "result" // Data is CommandResult
	EventConfig = "config" // Data is ConfigTold
)

// AlarmEvent is an alarm that a rule at the edge has raised or ended.
type AlarmEvent struct {
	Rule     string  `json:"rule"`
	Property string  `json:"property"`
	Active   bool    `json:"active"`
	Level    int     `json:"level"` // 1 red … 4 blue
	Value    float64 `json:"value"`
	Limit    float64 `json:"limit"`
	Gone     bool    `json:"gone,omitempty"` // with active false: not judged any more, its rule or device is gone
}

// LossEvent says that readings were dropped because the disk was full. A trouble that goes on is one loss that
// grows: it comes again under the same id of its event, with everything lost so far.
type LossEvent struct {
	Lane  Lane   `json:"lane"`
	From  int64  `json:"from"` // Unix milliseconds of the oldest reading lost
	To    int64  `json:"to"`
	Until int64  `json:"until,omitempty"` // when the last of them was lost; 0: when the event says
	Count uint64 `json:"count"`
	Why   string `json:"why"`
}

// Batch is a block of records with a range of sequence numbers. A range is acknowledged as a whole; it
// may hold fewer records than numbers, when some were thinned out.
type Batch struct {
	Epoch    uint64 // life of the outbox; a new disk has a new epoch
	Lane     Lane
	Backfill bool  // sent from the backlog, not live
	Synced   bool  // the edge's clock was set when the batch was made
	SentAt   int64 // Unix milliseconds
	SeqFrom  uint64
	SeqTo    uint64
	Readings []Reading
	Events   []Event
}

// Errors of Decode, Open and DecodeSensor: refuse the message, keep the session. Encode returns ErrTooLarge
// for more than one message holds: make two of it.
var (
	ErrTooLarge = errors.New("wire: batch is too large")
	ErrChecksum = errors.New("wire: batch has a wrong checksum")
	ErrFormat   = errors.New("wire: batch is malformed")
	ErrVersion  = errors.New("wire: batch has an unknown version")
)

// The frame: 'F' 'S' version codec, CRC32C (big endian) of the rest, the body.
const (
	frameHead    = 8
	codecRaw     = 0
	codecZstd    = 1
	batchVersion = 1
	flagBackfill = 1
	flagSynced   = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encoder and decoder may be used by several goroutines. They are ready before anything runs: made later,
// they would belong to whichever clock a test had then.
var (
	encoder = newEncoder()
	decoder = newDecoder()
)

func newEncoder() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		panic(err) // only wrong options can fail
	}
	e.EncodeAll(nil, nil) // makes what it would make at the first use
	return e
}

func newDecoder() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(MaxBody), zstd.WithDecoderMaxWindow(MaxBody), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err) // only wrong options can fail
	}
	return d
}

// Encode writes the batch as one MQTT payload. It returns ErrTooLarge above MaxPayload.
func (b *Batch) Encode() ([]byte, error) {
	if len(b.Readings)+len(b.Events) > MaxRecords {
		return nil, ErrTooLarge
	}
	body, err := b.body()
	if err != nil {
		return nil, err
	}
	out := []byte{'F', 'S', batchVersion, codecZstd, 0, 0, 0, 0}
	out = encoder.EncodeAll(body, out)
	if len(out)-frameHead >= len(body) {
		out = append(out[:frameHead], body...)
		out[3] = codecRaw
	}
	if len(out) > MaxPayload || len(body) > MaxBody {
		return nil, ErrTooLarge
	}
	binary.BigEndian.PutUint32(out[4:], crc32.Checksum(out[frameHead:], castagnoli))
	return out, nil
}

func (b *Batch) body() ([]byte, error) {
	var flags byte
	if b.Backfill {
		flags |= flagBackfill
	}
	if b.Synced {
		flags |= flagSynced
	}
	out := make([]byte, 0, 64+len(b.Readings)*10+len(b.Events)*128)
	out = append(out, byte(b.Lane), flags)
	out = binary.LittleEndian.AppendUint64(out, b.Epoch)
	out = binary.AppendVarint(out, b.SentAt)
	out = binary.AppendUvarint(out, b.SeqFrom)
	out = binary.AppendUvarint(out, b.SeqTo)
	out = appendSeries(out, b.Readings)
	out = binary.AppendUvarint(out, uint64(len(b.Events)))
	for i := range b.Events {
		text, err := json.Marshal(&b.Events[i])
		if err != nil {
			return nil, fmt.Errorf("encode event %s: %w", b.Events[i].ID, err)
		}
		out = binary.AppendUvarint(out, uint64(len(text)))
		out = append(out, text...)
	}
	return out, nil
}

// appendSeries groups the readings by series, in order of first appearance, and writes each group as a
// column.
func appendSeries(out []byte, readings []Reading) []byte {
	type name struct{ device, property string }
	index := map[name]int{}
	var names []name
	var columns [][]Point
	for _, r := range readings {
		n := name{r.Device, r.Property}
		i, ok := index[n]
		if !ok {
			i = len(names)
			index[n] = i
			names = append(names, n)
			columns = append(columns, nil)
		}
		columns[i] = append(columns[i], Point{At: r.At, Value: r.Value, Quality: r.Quality, Count: r.Count})
	}
	out = binary.AppendUvarint(out, uint64(len(names)))
	for i, n := range names {
		out = appendString(out, n.device)
		out = appendString(out, n.property)
		out = AppendColumn(out, columns[i])
	}
	return out
}

func appendString(out []byte, s string) []byte {
	out = binary.AppendUvarint(out, uint64(len(s)))
	return append(out, s...)
}

// A frame may unpack to so much: room for the plainest batch of MaxRecords, and a ratio beyond that which
// only a frame made to waste memory has.
const (
	freeBody = 128 << 10
	maxRatio = 512
)

// Packed is a batch whose head was read and whose records are not unpacked into memory of their own yet.
type Packed struct {
	Batch        // without readings and events
	Size  int    // bytes of the body
	rest  []byte // series and events
}

// Decode reads one MQTT payload. The errors are ErrTooLarge, ErrVersion, ErrChecksum and ErrFormat.
func Decode(payload []byte) (*Batch, error) {
	p, err := Open(payload)
	if err != nil {
		return nil, err
	}
	return p.Unpack()
}

// Open checks the frame of one MQTT payload and reads the head. The errors are those of Decode.
func Open(payload []byte) (*Packed, error) {
	if len(payload) > MaxPayload {
		return nil, ErrTooLarge
	}
	if len(payload) < frameHead || payload[0] != 'F' || payload[1] != 'S' {
		return nil, ErrFormat
	}
	if payload[2] != batchVersion {
		return nil, ErrVersion
	}
	if binary.BigEndian.Uint32(payload[4:]) != crc32.Checksum(payload[frameHead:], castagnoli) {
		return nil, ErrChecksum
	}
	body := payload[frameHead:]
	switch payload[3] {
	case codecRaw:
	case codecZstd:
		plain, err := inflate(body)
		if err != nil {
			return nil, err
		}
		body = plain
	default:
		return nil, ErrVersion
	}
	return openBody(body)
}

func inflate(body []byte) ([]byte, error) {
	room := uint64(min(MaxBody, freeBody+maxRatio*len(body)))
	var head zstd.Header
	if err := head.Decode(body); err != nil {
		return nil, ErrFormat
	}
	if head.HasFCS {
		if head.FrameContentSize > room {
			return nil, ErrTooLarge
		}
		room = head.FrameContentSize
	}
	plain, err := decoder.DecodeAll(body, make([]byte, 0, room))
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, ErrTooLarge
	case err != nil:
		return nil, ErrFormat
	}
	return plain, nil
}

func openBody(body []byte) (*Packed, error) {
	r := reader{buf: body}
	p := &Packed{Size: len(body)}
	p.Lane = Lane(r.byte())
	flags := r.byte()
	p.Backfill, p.Synced = flags&flagBackfill != 0, flags&flagSynced != 0
	p.Epoch = r.uint64()
	p.SentAt = r.varint()
	p.SeqFrom, p.SeqTo = r.uvarint(), r.uvarint()
	if r.failed || p.Lane >= Lanes || p.SeqTo < p.SeqFrom || p.SeqTo > math.MaxInt64 || p.SeqTo-p.SeqFrom >= MaxRecords {
		return nil, ErrFormat
	}
	p.rest = r.buf
	return p, nil
}

// Unpack reads the records: ErrFormat.
func (p *Packed) Unpack() (*Batch, error) {
	r := reader{buf: p.rest}
	b := p.Batch
	series := r.count(MaxRecords)
	for range series {
		device, property := r.string(MaxIDLength), r.string(MaxIDLength)
		points := r.column(MaxRecords - len(b.Readings))
		if r.failed || !ValidID(device) || !ValidID(property) {
			return nil, ErrFormat
		}
		for _, p := range points {
			b.Readings = append(b.Readings, Reading{Device: device, Property: property, At: p.At, Value: p.Value, Quality: p.Quality, Count: p.Count})
		}
	}
	events := r.count(MaxRecords - len(b.Readings))
	for range events {
		text := r.bytes(MaxPayload)
		var e Event
		if r.failed || json.Unmarshal(text, &e) != nil || e.ID == "" || e.Kind == "" || (e.Device != "" && !ValidID(e.Device)) {
			return nil, ErrFormat
		}
		b.Events = append(b.Events, e)
	}
	if r.failed || len(r.buf) != 0 {
		return nil, ErrFormat
	}
	return &b, nil
}
