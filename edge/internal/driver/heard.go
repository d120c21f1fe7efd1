package driver

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/fengsui/fengsui/shared/profile"
)

// Silences is how many intervals of its profile a device that speaks by itself may be silent.
const Silences = 3

// FromJSON reads the message of a device that posts or publishes JSON. A message with the device's time in
// it that comes again byte for byte is the same message; without one nobody can tell.
func FromJSON(j *profile.JSON, text []byte) (Message, error) {
	found, urgent, err := j.Decode(text)
	if err != nil {
		return Message{}, NewFault(KindMalformed, text, "%w", err)
	}
	m := Message{Urgent: urgent, Raw: text}
	for _, o := range found {
		m.Samples = append(m.Samples, Sample{Property: o.Property, Value: o.Value, Quality: o.Quality, At: o.At})
	}
	if j.Time != nil {
		sum := sha256.Sum256(text)
		m.Key = hex.EncodeToString(sum[:16])
	}
	return m, nil
}
