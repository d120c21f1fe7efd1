// Package film keeps pictures of H.264, and the sound beside them, as fragmented MP4 (ISO/IEC 14496-12 §8.8): segments of about a minute
// that begin with a key frame and grow by parts of about a second, each of which is whole once it is written.
// The recorder of the centre and the ring of the terminal write films, and both read them again. Rules that
// must never break: a file that was cut off anywhere plays up to its last whole part; bytes from outside,
// however broken, never make it panic or take more memory than it was given.
package film

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
)

const (
	clock = 90000 // ticks of a second, as RTP counts H.264 (RFC 6184 §8.1)
	// partLength is what the death of the writer can take.
	partLength    = time.Second
	leastPart     = 200 * time.Millisecond // before a key frame, with which a part begins
	segmentLength = time.Minute
	// jump is how far two pictures may be apart before a new segment begins.
	jump = 2 * time.Second
	// late is how far the moment of arrival may be from where the clock of the camera puts a picture before a
	// new segment is moved there: below it, segments join without a seam.
	late     = 500 * time.Millisecond
	early    = 2 * time.Second
	usual    = 40 * time.Millisecond // of a picture that has no other to tell
	crammed  = clock / 1000          // ticks; no camera makes pictures so close
	maxBytes = 256 << 20             // of a segment
)

// Frame is one picture as coded by the camera: the NAL units of one access unit, in order, without start codes.
type Frame struct {
	Units [][]byte
	Time  uint32 // 90 kHz clock of the camera; it wraps around
	At    time.Time
	Key   bool
	First bool // Time has no relation to the frame before
}

// Segment is one file as it stands.
type Segment struct {
	Start    time.Time
	Duration time.Duration // of what is written
	Lead     time.Duration // of its beginning: pictures of before Start, without which the others are not seen
	Bytes    int64
	Codec    string // as RFC 6381 names it: avc1.42c01f
	Width    int
	Height   int

	Sound      string // codec of the file beside it, opus or flac; empty: there is none
	SoundBytes int64
}

// End is the moment after its last picture.
func (s Segment) End() time.Time { return s.Start.Add(s.Duration) }

// Sink takes what a Writer makes. Its methods are called from within the Writer's, one at a time.
type Sink interface {
	// Open makes the file of a segment.
	Open(s Segment) (io.WriteCloser, error)
	// Grown tells that the file has another whole part.
	Grown(s Segment)
	// Ended tells that the file was closed. One without a part has no Duration.
	Ended(s Segment)
}

// Writer makes segments of frames. It is for one goroutine. After an error it begins anew with the next key
// frame.
type Writer struct {
	sink Sink
	out  io.WriteCloser // nil: waits for a key frame
	seg  Segment
	sps  []byte
	pps  []byte

	number  uint32
	base    int64 // ticks of the segment's start to the part that is being made
	samples []*fmp4.Sample
	size    int
	last    Frame // whose duration is not known yet
	pending *fmp4.Sample
	usual   uint32    // ticks of a picture
	lead    int64     // ticks
	end     time.Time // of the segment before

	zero  time.Time // when the start of the segment was by the earliest arrivals
	ear   clockOf
	heard time.Time
	voice *voice // nil: nothing was heard of this segment
}

// NewWriter makes a writer. Nothing is opened before the first key frame.
func NewWriter(sink Sink) *Writer {
	return &Writer{sink: sink, usual: uint32(usual.Seconds() * clock)}
}

// Recording reports whether a segment is open.
func (w *Writer) Recording() bool { return w.out != nil }

// Write takes the next frame. A key frame without parameter sets uses those before it.
func (w *Writer) Write(f Frame) error {
	sps, pps := w.sps, w.pps
	for _, u := range f.Units {
		if len(u) == 0 {
			continue
		}
		switch h264.NALUType(u[0] & 0x1f) {
		case h264.NALUTypeSPS:
			sps = bytes.Clone(u)
		case h264.NALUTypePPS:
			pps = bytes.Clone(u)
		default:
		}
	}
	if w.out != nil && w.breaks(f, sps, pps) {
		if err := w.Close(); err != nil {
			return err
		}
	}
	w.sps, w.pps = sps, pps
	if w.out == nil {
		if !f.Key || sps == nil || pps == nil {
			return nil
		}
		if err := w.begin(f); err != nil {
			return err
		}
	} else if err := w.settle(f); err != nil {
		return err
	}
	if at := f.At.Add(-span(w.base + w.held())); at.Before(w.zero) {
		w.zero = at
	}
	payload, err := h264.AVCC(f.Units).Marshal()
	if err != nil {
		return nil //nolint:nilerr // a picture without data is no picture
	}
	w.pending, w.last = &fmp4.Sample{IsNonSyncSample: !f.Key, Payload: payload}, f
	w.size += len(payload)
	return nil
}

// breaks reports whether a frame cannot be part of the open segment: its clock jumped, the picture became
// another, or the segment is long enough.
func (w *Writer) breaks(f Frame, sps, pps []byte) bool {
	d := int32(f.Time - w.last.Time)
	if f.First || d < 0 || span(int64(d)) > jump {
		return true
	}
	if !bytes.Equal(sps, w.sps) || !bytes.Equal(pps, w.pps) {
		return true
	}
	return f.Key && (span(w.base+w.held()+int64(d)) >= segmentLength || w.seg.Bytes+int64(w.size) > maxBytes)
}

func span(ticks int64) time.Duration { return time.Duration(ticks) * time.Second / clock }

// held is how many ticks the samples last that are not written.
func (w *Writer) held() int64 {
	sum := int64(0)
	for _, s := range w.samples {
		sum += int64(s.Duration)
	}
	return sum
}

func (w *Writer) begin(f Frame) error {
	start, zero := f.At, f.At
	if d := f.At.Sub(w.end); !w.end.IsZero() && d < late && d > -early {
		start = w.end
		if on := w.zero.Add(w.seg.Duration); on.Before(zero) {
			zero = on
		}
	}
	w.zero, w.voice = zero, nil
	w.seg = Segment{Start: start.UTC().Truncate(time.Millisecond), // as indexes keep moments
		Codec: codecOf(w.sps)}
	var sps h264.SPS
	if sps.Unmarshal(w.sps) == nil {
		w.seg.Width, w.seg.Height = sps.Width(), sps.Height()
	}
	head, err := header(w.sps, w.pps)
	if err != nil {
		return err
	}
	out, err := w.sink.Open(w.seg)
	if err != nil {
		return err
	}
	w.out, w.number, w.base, w.lead = out, 0, 0, 0
	w.samples, w.size, w.pending = w.samples[:0], 0, nil
	return w.put(head)
}

// codecOf names what a browser must be able to decode.
func codecOf(sps []byte) string {
	if len(sps) < 4 {
		return ""
	}
	return fmt.Sprintf("avc1.%02x%02x%02x", sps[1], sps[2], sps[3])
}

// header is ftyp and moov.
func header(sps, pps []byte) ([]byte, error) {
	var head seekablebuffer.Buffer
	init := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: 1, TimeScale: clock, Codec: &codecs.H264{SPS: sps, PPS: pps}}}}
	if err := init.Marshal(&head); err != nil {
		return nil, fmt.Errorf("write head of film: %w", err)
	}
	return head.Bytes(), nil
}

// settle gives the pending sample its duration, now that the next frame is known, and writes a part that is due.
func (w *Writer) settle(f Frame) error {
	if w.pending == nil {
		return nil
	}
	w.pending.Duration = f.Time - w.last.Time
	d := w.pending.Duration
	if d > crammed && d < clock {
		w.usual = d
	}
	// A terminal that comes back begins with what its camera has shown since the last key frame, a millisecond apart.
	if at := w.base + w.held(); d <= crammed && w.lead == at {
		w.lead = at + int64(d)
		w.seg.Lead = span(w.lead)
	}
	w.samples, w.pending = append(w.samples, w.pending), nil
	if held := span(w.held()); held >= partLength || (f.Key && held >= leastPart) || w.size > maxPart/2 {
		return w.flush()
	}
	return nil
}

// Tick writes what has waited for longer than a part, because no frame came since. Called about once a second.
func (w *Writer) Tick(now time.Time) error {
	if w.out == nil || w.pending == nil || now.Sub(w.last.At) < partLength {
		return nil
	}
	// What follows begins a segment of its own: how long this picture stood is not known.
	return w.Close()
}

// flush writes the samples as one part, with one call, so that it is there as a whole or torn at the end.
func (w *Writer) flush() error {
	if len(w.samples) == 0 {
		return nil
	}
	held := w.held()
	var text seekablebuffer.Buffer
	part := fmp4.Part{SequenceNumber: w.number, Tracks: []*fmp4.PartTrack{{ID: 1, BaseTime: uint64(w.base), Samples: w.samples}}} //nolint:gosec // counts up from 0
	if err := part.Marshal(&text); err != nil {
		return fmt.Errorf("write part of film: %w", err)
	}
	if err := w.put(text.Bytes()); err != nil {
		return err
	}
	w.number++
	w.base += held
	w.seg.Duration = span(w.base)
	w.voice.flush(w, w.seg.Duration, w.last.At)
	w.samples, w.size = nil, 0
	w.sink.Grown(w.seg)
	return nil
}

func (w *Writer) put(text []byte) error {
	n, err := w.out.Write(text)
	w.seg.Bytes += int64(n)
	if err != nil {
		w.drop()
		return fmt.Errorf("write film: %w", err)
	}
	return nil
}

// drop ends a segment that could not be written on; what is whole of it stays.
func (w *Writer) drop() {
	_ = w.out.Close() // the error before is the one that counts
	w.finish()
}

func (w *Writer) finish() {
	w.voice.close()
	w.voice = nil
	w.out, w.samples, w.pending, w.size = nil, nil, nil, 0
	w.end = w.seg.End()
	w.sink.Ended(w.seg)
}

// Close ends the segment that is open.
func (w *Writer) Close() error {
	if w.out == nil {
		return nil
	}
	if w.pending != nil {
		w.pending.Duration = w.usual
		w.samples, w.pending = append(w.samples, w.pending), nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	err := w.out.Close()
	w.finish()
	if err != nil {
		return fmt.Errorf("close film: %w", err)
	}
	return nil
}

// Still makes a film of one key frame, which a browser draws as a picture. Frames that are none give nil.
func Still(f Frame) ([]byte, error) {
	s := &still{}
	w := NewWriter(s)
	f.First = true
	if err := w.Write(f); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return s.text.Bytes(), nil
}

type still struct{ text bytes.Buffer }

func (s *still) Open(Segment) (io.WriteCloser, error) { return s, nil }
func (s *still) Write(p []byte) (int, error)          { return s.text.Write(p) }
func (s *still) Close() error                         { return nil }
func (s *still) Grown(Segment)                        {}
func (s *still) Ended(Segment)                        {}
