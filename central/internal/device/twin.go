package device

import (
	"slices"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// maxLives is how many outboxes of an edge are remembered.
const maxLives = 4

// Greeting is what a hello means for who sent it.
type Greeting struct {
	Fork  bool   // another terminal uses its epoch
	Twins []Life // two terminals speak under this identity: this one and the other
}

// meet takes the greeting of an outbox. A start that greets with an epoch must be the one that greeted with it
// before or know it as one of its own earlier starts; otherwise its outbox is a copy, and the numbers that it
// gives are another's. A start that comes back after another one has spoken is one of two that live;
// one that greeted with a new epoch meanwhile is the same, and its old greeting was delivered late.
func meet(lives []Life, h wire.Hello, now time.Time) ([]Life, Greeting) {
	one := Life{Epoch: strconv.FormatUint(h.Epoch, 16), Boot: wire.Text(wire.ShortBoot(h.Boot), 8), Address: wire.Text(h.Address, 100), At: now}
	var g Greeting
	at := slices.IndexFunc(lives, func(l Life) bool { return l.Epoch == one.Epoch })
	if at >= 0 && lives[at].Boot != one.Boot && !slices.Contains(h.Boots, lives[at].Boot) && len(h.Boots) > 0 {
		g.Fork = true
		return lives, g
	}
	if at > 0 && lives[at].Boot == one.Boot && lives[0].Boot != one.Boot {
		g.Twins = []Life{one, lives[0]}
	}
	out := []Life{one}
	for _, l := range lives {
		if l.Epoch != one.Epoch && len(out) < maxLives {
			out = append(out, l)
		}
	}
	return out, g
}
