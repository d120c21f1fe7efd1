package budget

import (
	"context"
	"net"
	"time"

	"github.com/pion/transport/v2"
)

const dialTimeout = 10 * time.Second

// Conn counts what goes through a connection. Heads of TCP and IP are not in it.
func (m *Meter) Conn(kind Kind, c net.Conn) net.Conn { return &conn{Conn: c, meter: m, kind: kind} }

type conn struct {
	net.Conn
	meter *Meter
	kind  Kind
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.meter.Count(c.kind, n)
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.meter.Count(c.kind, n)
	return n, err
}

// Dial dials the centre's console address for requests of a kind, and counts.
func (m *Meter) Dial(kind Kind) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return m.Conn(kind, c), nil
	}
}

// Net counts the datagrams and streams of WebRTC.
func (m *Meter) Net(n transport.Net) transport.Net { return &network{Net: n, meter: m} }

type network struct {
	transport.Net
	meter *Meter
}

func (n *network) ListenUDP(kind string, at *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(kind, at)
	if err != nil {
		return nil, err
	}
	return &datagrams{UDPConn: c, meter: n.meter}, nil
}

func (n *network) DialUDP(kind string, near, far *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.DialUDP(kind, near, far)
	if err != nil {
		return nil, err
	}
	return &datagrams{UDPConn: c, meter: n.meter}, nil
}

func (n *network) Dial(kind, address string) (net.Conn, error) {
	c, err := n.Net.Dial(kind, address)
	if err != nil {
		return nil, err
	}
	return n.meter.Conn(Video, c), nil
}

func (n *network) ListenPacket(kind, address string) (net.PacketConn, error) {
	c, err := n.Net.ListenPacket(kind, address)
	if err != nil {
		return nil, err
	}
	return &packets{PacketConn: c, meter: n.meter}, nil
}

type datagrams struct {
	transport.UDPConn
	meter *Meter
}

func (d *datagrams) Read(p []byte) (int, error) {
	n, err := d.UDPConn.Read(p)
	d.meter.Count(Video, n)
	return n, err
}

func (d *datagrams) Write(p []byte) (int, error) {
	n, err := d.UDPConn.Write(p)
	d.meter.Count(Video, n)
	return n, err
}

func (d *datagrams) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := d.UDPConn.ReadFrom(p)
	d.meter.Count(Video, n)
	return n, from, err
}

func (d *datagrams) WriteTo(p []byte, to net.Addr) (int, error) {
	n, err := d.UDPConn.WriteTo(p, to)
	d.meter.Count(Video, n)
	return n, err
}

func (d *datagrams) ReadFromUDP(p []byte) (int, *net.UDPAddr, error) {
	n, from, err := d.UDPConn.ReadFromUDP(p)
	d.meter.Count(Video, n)
	return n, from, err
}

func (d *datagrams) WriteToUDP(p []byte, to *net.UDPAddr) (int, error) {
	n, err := d.UDPConn.WriteToUDP(p, to)
	d.meter.Count(Video, n)
	return n, err
}

func (d *datagrams) ReadMsgUDP(p, oob []byte) (n, oobn, flags int, from *net.UDPAddr, err error) {
	n, oobn, flags, from, err = d.UDPConn.ReadMsgUDP(p, oob)
	d.meter.Count(Video, n)
	return n, oobn, flags, from, err
}

func (d *datagrams) WriteMsgUDP(p, oob []byte, to *net.UDPAddr) (n, oobn int, err error) {
	n, oobn, err = d.UDPConn.WriteMsgUDP(p, oob, to)
	d.meter.Count(Video, n)
	return n, oobn, err
}

type packets struct {
	net.PacketConn
	meter *Meter
}

func (p *packets) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.PacketConn.ReadFrom(b)
	p.meter.Count(Video, n)
	return n, from, err
}

func (p *packets) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := p.PacketConn.WriteTo(b, to)
	p.meter.Count(Video, n)
	return n, err
}
