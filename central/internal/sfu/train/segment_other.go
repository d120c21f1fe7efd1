//go:build !linux

package train

import (
	"errors"
	"net"
)

func segments(*net.UDPConn) bool { return false }

func sendSegments(*net.UDPConn, []byte, int, *net.UDPAddr) error { return errors.ErrUnsupported }

func lacking(error) bool { return true }
