package train

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// segments reports whether the kernel knows UDP_SEGMENT. One that does not would send a whole train as one packet.
func segments(conn *net.UDPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	known := false
	err = raw.Control(func(fd uintptr) {
		_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		known = err == nil
	})
	return err == nil && known
}

// sendSegments has the kernel cut the packets apart.
func sendSegments(conn *net.UDPConn, packets []byte, size int, to *net.UDPAddr) error {
	var control [32]byte
	head := (*unix.Cmsghdr)(unsafe.Pointer(&control[0])) //nolint:gosec // the kernel's own layout, differs by machine
	head.Level, head.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	head.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(control[unix.CmsgLen(0):], uint16(size))
	at := to.AddrPort()
	_, _, err := conn.WriteMsgUDPAddrPort(packets, control[:unix.CmsgSpace(2)], netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	return err
}

// lacking reports whether the network card cannot do it at all.
func lacking(err error) bool { return errors.Is(err, unix.EIO) || errors.Is(err, unix.EOPNOTSUPP) }
