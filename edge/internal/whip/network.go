package whip

import (
	"fmt"

	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"
)

// network looks at the interfaces each time that it is asked: a terminal gets other addresses, and the library's own looks
// once, so that every session after the first change would begin from addresses that are gone.
type network struct{ *stdnet.Net }

// Network is the network of the machine.
func Network() (transport.Net, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("look at the network: %w", err)
	}
	return &network{n}, nil
}

// Interfaces implements transport.Net.
func (n *network) Interfaces() ([]*transport.Interface, error) {
	now, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("look at the network: %w", err)
	}
	return now.Interfaces() //nolint:wrapcheck // ours, as of now
}
