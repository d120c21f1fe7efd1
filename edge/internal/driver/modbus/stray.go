package modbus

import (
	"bytes"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

const (
	strayMost = 4 * maxRTU // bytes that nobody asked for and that are looked at
	smallest  = 4          // bytes of a frame: unit, function and checksum. Fewer are noise of the line when it turns round
)

// stray counts what came between two exchanges. Whole frames are of the device that sent them: its answer once
// more, or one that came after its time. Anything else is counted as one damaged frame at the device whose turn it
// is, unless it belongs to one that was counted already.
func (b *bus) stray(turn byte, came []byte) {
	var noise []byte
	for len(came) > 0 {
		frame := leading(came)
		if frame == nil {
			noise, came = append(noise, came[0]), came[1:]
			continue
		}
		came = came[len(frame):]
		refused := b.refused[frame[0]]
		if refused == nil {
			refused = b.refused[turn]
		}
		if bytes.Equal(frame, b.answers[frame[0]]) {
			refused(driver.NewFault(driver.KindDuplicate, frame, "unit %d answers twice", frame[0]))
		} else {
			refused(driver.NewFault(driver.KindLate, frame, "unit %d answers after its time", frame[0]))
		}
	}
	if b.whole && len(noise) >= smallest {
		b.refused[turn](driver.NewFault(driver.KindMalformed, noise, "%d bytes came that nobody asked for", len(noise)))
	}
}

// leading is the whole frame that bytes begin with; nil: there is none.
func leading(came []byte) []byte {
	_, n, err := rtu{}.cut(came[0], request{}, came)
	if err != nil || n == 0 {
		return nil
	}
	return came[:n]
}

// behind counts what came with an answer over Modbus TCP and follows it.
func (b *bus) behind(unit byte, answer, over []byte) {
	switch {
	case len(over) == 0:
	case bytes.HasPrefix(over, answer):
		b.refused[unit](driver.NewFault(driver.KindDuplicate, over, "unit %d answers twice", unit))
	default:
		b.refused[unit](driver.NewFault(driver.KindMalformed, over, "%d bytes follow the answer", len(over)))
	}
}
