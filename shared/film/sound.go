package film

import (
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/flac"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

// The codecs of sound as they come, by their MIME types of RTP in small letters.
const (
	Opus = "audio/opus"
	PCMA = "audio/pcma"
)

// Sound is one packet of sound as it came.
type Sound struct {
	Codec string // one that is not known is passed over
	Time  uint32 // clock of the codec; it wraps around
	At    time.Time
	From  any // another one has another clock
	Data  []byte
}

// SoundSink takes the sound of segments into a file beside each: pictures play whatever becomes of it. A Sink that is
// none drops it.
type SoundSink interface {
	// OpenSound makes the file of the sound of the segment that is open.
	OpenSound(s Segment) (io.WriteCloser, error)
}

// tone is how a codec is kept.
type tone struct {
	name  string // as RFC 6381 names it
	rate  int64
	codec codecs.Codec
}

func toneOf(mime string) (tone, bool) {
	switch mime {
	case Opus:
		return tone{"opus", 48000, &codecs.Opus{ChannelCount: 2}}, true
	case PCMA:
		return tone{"flac", alawRate, &codecs.FLAC{StreamInfo: &flac.StreamInfo{MinBlockSize: 16, MaxBlockSize: maxBlock, SampleRate: alawRate, ChannelCount: 1, BitDepth: alawBits}}}, true
	}
	return tone{}, false
}

// length is how long a packet sounds, in ticks; 0 is none that can be kept.
func (t tone) length(data []byte) int64 {
	if t.name == "flac" {
		return int64(min(len(data), maxBlock))
	}
	return opusLength(data)
}

// opusLength reads it out of a packet (RFC 6716 §3.1).
func opusLength(data []byte) int64 {
	if len(data) == 0 {
		return 0
	}
	const ms = 48
	config := data[0] >> 3
	var frame int64
	switch {
	case config < 12:
		frame = []int64{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config%4]
	case config < 16:
		frame = []int64{10 * ms, 20 * ms}[config%2]
	default:
		frame = []int64{ms * 5 / 2, 5 * ms, 10 * ms, 20 * ms}[config%4]
	}
	switch data[0] & 3 {
	case 0:
		return frame
	case 1, 2:
		return 2 * frame
	}
	if len(data) < 2 {
		return 0
	}
	n := frame * int64(data[1]&0x3f)
	if n > 120*ms {
		return 0
	}
	return n
}

// silence is 20 ms without a sound at a moment.
func (t tone) silence(at int64) []byte {
	if t.name == "flac" {
		quiet := make([]byte, alawRate/50)
		for i := range quiet {
			quiet[i] = 0xd5
		}
		return ofALaw(quiet, uint64(max(0, at))) //nolint:gosec // not negative
	}
	return []byte{0xf8, 0xff, 0xfe} // 20 ms of CELT that hold nothing
}

const (
	// together is how far a packet may be from where its own clock puts it before the time of its arrival counts.
	together = 60 * time.Millisecond
	// deaf is how long nothing is heard before silence is written.
	deaf = 500 * time.Millisecond
	// astray is how far a clock may be from the times of arrival before it is taken to have jumped.
	astray = time.Second
	// drift is how much later than the earliest a packet is believed to be, a packet: clocks run apart.
	drift     = 10 * time.Microsecond
	holdSound = 4 << 20 // bytes that wait for a part at most
)

// clockOf puts packets at moments: the earliest arrival tells best when something was, all others were held up.
type clockOf struct {
	from   any
	codec  string
	rate   int64
	last   uint32
	ticks  int64
	origin time.Time // of ticks 0
}

func (c *clockOf) moment(s Sound, rate int64) time.Time {
	if c.from != s.From || c.codec != s.Codec || c.origin.IsZero() {
		*c = clockOf{from: s.From, codec: s.Codec, rate: rate, last: s.Time, origin: s.At}
	}
	c.ticks += int64(int32(s.Time - c.last)) //nolint:gosec // distance on a circle
	c.last = s.Time
	at := c.origin.Add(time.Duration(c.ticks) * time.Second / time.Duration(rate))
	if d := s.At.Sub(at); d < 0 || d > astray {
		c.origin = c.origin.Add(d)
		return s.At
	}
	c.origin = c.origin.Add(drift)
	return at
}

// voice is the sound of the segment that is open.
type voice struct {
	tone   tone
	out    io.WriteCloser
	failed bool

	list  []*fmp4.Sample
	size  int
	begin int64 // of the first in list
	end   int64 // of the last, in ticks of the segment
	// Where the last packet stands, and its own time.
	at   int64
	time uint32
	from any
	n    uint32 // parts written
}

// Hear takes a packet of sound. It is kept beside the pictures of its moment; before the first of them it is dropped.
func (w *Writer) Hear(s Sound) {
	t, ok := toneOf(s.Codec)
	if !ok || len(s.Data) == 0 {
		return
	}
	w.heard = s.At
	moment := w.ear.moment(s, t.rate)
	sink, ok := w.sink.(SoundSink)
	if !ok || w.out == nil {
		return
	}
	v := w.voice
	if v == nil {
		v = &voice{tone: t}
		w.voice = v
		w.seg.Sound = t.name
		out, err := sink.OpenSound(w.seg)
		if err != nil {
			w.seg.Sound, v.failed = "", true
			return
		}
		v.out = out
		if err := v.head(w); err != nil {
			v.failed = true
		}
	}
	if v.failed || v.tone.name != t.name || v.size > holdSound {
		return // another codec waits for the next segment
	}
	v.take(s, int64(moment.Sub(w.zero).Seconds()*float64(t.rate)))
}

// take puts a packet at a tick of the segment.
func (v *voice) take(s Sound, at int64) {
	length := v.tone.length(s.Data)
	if length == 0 {
		return
	}
	if v.from == s.From {
		own := v.at + int64(int32(s.Time-v.time)) //nolint:gosec // distance on a circle
		if d := own - at; d < v.ticks(together) && -d < v.ticks(together) {
			at = own
		}
	}
	if at < v.end-length/2 {
		return // what is there stays: it came twice, or far too late
	}
	v.silent(at)
	at = max(at, v.end)
	v.at, v.time, v.from = at, s.Time, s.From
	data := s.Data
	if v.tone.name == "flac" {
		data = ofALaw(data, uint64(at)) //nolint:gosec // not negative: after v.end
	}
	v.add(at, length, data)
}

func (v *voice) ticks(d time.Duration) int64 { return int64(d.Seconds() * float64(v.tone.rate)) }

// add appends a sample; the one before lasts until it.
func (v *voice) add(at, length int64, data []byte) {
	if n := len(v.list); n == 0 {
		v.begin = at
	} else if at > v.end {
		v.list[n-1].Duration += uint32(at - v.end) //nolint:gosec // less than 20 ms
	}
	v.list = append(v.list, &fmp4.Sample{Duration: uint32(length), Payload: data}) //nolint:gosec // at most 4096
	v.size += len(data)
	v.end = at + length
}

// silent fills up to a tick with what holds no sound: a player would wait there, or run ahead of the pictures.
func (v *voice) silent(to int64) {
	piece := v.tone.rate / 50
	for to-v.end >= piece && v.size <= holdSound {
		data := v.tone.silence(v.end)
		v.add(v.end, piece, data)
	}
}

func (v *voice) head(w *Writer) error {
	head, err := soundHeader(v.tone.codec, v.tone.rate)
	if err != nil {
		return err
	}
	return v.put(w, head)
}

// soundHeader is ftyp and moov of a file of sound.
func soundHeader(codec codecs.Codec, rate int64) ([]byte, error) {
	var head seekablebuffer.Buffer
	init := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: 1, TimeScale: uint32(rate), Codec: codec}}} //nolint:gosec // 48000 at most
	if err := init.Marshal(&head); err != nil {
		return nil, fmt.Errorf("write head of sound: %w", err)
	}
	return head.Bytes(), nil
}

func (v *voice) put(w *Writer, text []byte) error {
	n, err := v.out.Write(text)
	w.seg.SoundBytes += int64(n)
	if err != nil {
		return fmt.Errorf("write sound: %w", err)
	}
	return nil
}

// flush writes the sound beside a part of pictures, which ends at a moment of the segment. What cannot be written is
// given up until the next segment, and the pictures go on.
func (v *voice) flush(w *Writer, until time.Duration, now time.Time) {
	if v == nil || v.failed {
		return
	}
	if now.Sub(w.heard) > deaf {
		v.silent(v.ticks(until))
	}
	if len(v.list) == 0 {
		return
	}
	var text seekablebuffer.Buffer
	part := fmp4.Part{SequenceNumber: v.n, Tracks: []*fmp4.PartTrack{{ID: 1, BaseTime: uint64(v.begin), Samples: v.list}}} //nolint:gosec // not negative
	err := part.Marshal(&text)
	if err == nil {
		err = v.put(w, text.Bytes())
	}
	v.failed = err != nil
	v.list, v.size = nil, 0
	v.n++
}

func (v *voice) close() {
	if v != nil && v.out != nil {
		_ = v.out.Close() // sound never holds up pictures
	}
}
