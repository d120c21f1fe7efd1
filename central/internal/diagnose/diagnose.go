// Package diagnose asks terminals about themselves: their log, their link, one reading of a device. Technicians
// use it instead of a shell. Rules that must never break: only what stands in the list of wire.Diagnoses is
// asked, every question is written down with the name of who asked before it is sent, and what a terminal
// answers is text to read and nothing else.
package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/shared/wire"
)

// State is how far a question is.
type State string

// The states.
const (
	Asked    State = "asked"
	Answered State = "answered"
	Refused  State = "refused" // the terminal says why it does not answer
	Silent   State = "silent"  // no answer in time, or it was not sent
	Unknown  State = "unknown" // the terminal is too old to know the question
)

const (
	keep         = 10 // questions of a terminal
	perMinute    = 10 // of a terminal
	life         = 15 * time.Second
	answerWithin = 60 * time.Second // a long answer over a thin link
)

// Question is one question to a terminal and what became of it.
type Question struct {
	ID         string     `json:"id"` // of its command
	Edge       string     `json:"edge"`
	Name       string     `json:"name"`
	Device     string     `json:"device,omitempty"` // the sensor or camera that it is about
	Lines      int        `json:"lines,omitempty"`
	State      State      `json:"state"`
	Error      string     `json:"error,omitempty"`
	Since      string     `json:"since,omitempty"` // unknown: the version that knows it
	Packed     int        `json:"packed"`          // bytes of the answer as it came
	Author     string     `json:"author"`
	AuthorName string     `json:"author_name"`
	AskedAt    time.Time  `json:"asked_at"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
}

// Answer is a question with the text that came.
type Answer struct {
	Question
	Text string `json:"text"`
}

// Ask is what somebody wants to know.
type Ask struct {
	Name   string
	Device string
	Lines  int
}

// stand is how a question is at a time: one that waits for longer than any answer takes was left by a centre
// that was stopped.
func (q Question) stand(now time.Time) Question {
	if q.State == Asked && now.Sub(q.AskedAt) > answerWithin+life {
		q.State, q.Error = Silent, "the centre was stopped before an answer came"
	}
	return q
}

// outcome is what an answer makes of a question, with the text as it came.
func (q Question) outcome(r wire.CommandResult) (Question, []byte) {
	kind, _ := wire.DiagnosisOf(q.Name)
	// What a terminal without the command says does not have the code: it was before it.
	old := r.Code == "" && strings.Contains(r.Error, "does not know the")
	switch {
	case r.OK && len(r.Answer) > kind.Most:
		q.State, q.Error = Refused, fmt.Sprintf("the answer has %d bytes, more than the %d that are taken", len(r.Answer), kind.Most)
	case r.OK:
		if _, err := unpack(r.Answer); err != nil {
			q.State, q.Error = Refused, "the answer cannot be read: "+err.Error()
			return q, nil
		}
		q.State, q.Packed = Answered, len(r.Answer)
		return q, r.Answer
	case r.Code == wire.CodeUnknown || old:
		q.State, q.Error, q.Since = Unknown, short(r.Error), kind.Since
	default:
		q.State, q.Error = Refused, short(r.Error)
	}
	return q, nil
}

func short(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 500)], "")
}

// unpack returns the text of an answer, at most wire.MaxAnswerText of it.
func unpack(packed []byte) (string, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(wire.MaxAnswerText),
		zstd.WithDecoderMaxWindow(wire.MaxAnswerText), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return "", fmt.Errorf("unpack answer: %w", err)
	}
	defer d.Close()
	text, err := d.DecodeAll(packed, make([]byte, 0, wire.MaxAnswerText))
	if err != nil {
		return "", fmt.Errorf("unpack answer: %w", err)
	}
	return strings.ToValidUTF8(string(text), "�"), nil
}
