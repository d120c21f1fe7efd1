package publisher

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
)

// A session that was away gets the pictures since the last key frame once, whether it asks before it is seen to be back or
// not at all: on a SIM they are seconds of the link.
func TestASessionThatWasAwayGetsThePastOnce(t *testing.T) {
	for name, asks := range map[string]bool{"it asks": true, "it does not ask": false} {
		o, err := newOutlet("s")
		if err != nil {
			t.Fatal(err)
		}
		sent := func() bool {
			did := o.replay
			o.write(t.Context(), camera.Frame{Key: true, Units: [][]byte{{0x65, 1}}, At: time.Now()})
			return did
		}
		o.connect()
		if !sent() {
			t.Fatalf("%s: a new session begins without the past", name)
		}
		o.asked = o.asked.Add(-2 * againAfter)
		if asks {
			if o.again(time.Now()); !sent() {
				t.Fatalf("%s: nothing was sent again", name)
			}
		}
		if o.connect(); sent() == asks {
			t.Errorf("%s: sent again %v", name, !asks)
		}
	}
}
