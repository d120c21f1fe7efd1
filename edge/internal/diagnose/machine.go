package diagnose

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"
)

// Network is how the terminal is connected.
type Network struct {
	Interfaces []Interface `json:"interfaces"`
	Routes     []Route     `json:"routes"`
	DNS        Lookup      `json:"dns"`
	Signal     *Signal     `json:"signal,omitempty"` // of the modem, where edge.yml says how to read it
	Link       any         `json:"link"`             // the session with the centre
	RoundTrip  float64     `json:"round_trip_ms,omitempty"`
	Error      string      `json:"error,omitempty"` // why the round trip is not known
}

// Interface is one network interface.
type Interface struct {
	Name      string   `json:"name"`
	Flags     string   `json:"flags"`
	MTU       int      `json:"mtu"`
	Addresses []string `json:"addresses"`
}

// Route is one line of /proc/net/route.
type Route struct {
	Interface   string `json:"interface"`
	Destination string `json:"destination"`
	Gateway     string `json:"gateway,omitempty"`
	Metric      string `json:"metric"`
}

// Lookup is one question to the name server.
type Lookup struct {
	Host      string   `json:"host"`
	Addresses []string `json:"addresses"`
	TookMS    int64    `json:"took_ms"`
	Error     string   `json:"error,omitempty"`
}

// Signal is what the modem says of its signal, as it says it.
type Signal struct {
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

const (
	maxInterfaces = 32
	maxRoutes     = 64
	maxSignal     = 2 << 10
	signalWithin  = 5 * time.Second
)

// Interfaces lists the network interfaces.
func Interfaces() ([]Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	out := []Interface{}
	for _, one := range list[:min(len(list), maxInterfaces)] {
		i := Interface{Name: one.Name, Flags: one.Flags.String(), MTU: one.MTU, Addresses: []string{}}
		addresses, err := one.Addrs()
		if err != nil {
			return nil, fmt.Errorf("list addresses of %s: %w", one.Name, err)
		}
		for _, a := range addresses {
			i.Addresses = append(i.Addresses, a.String())
		}
		out = append(out, i)
	}
	return out, nil
}

// Routes reads the routes of IPv4 in the form of /proc/net/route (proc(5)): addresses as hexadecimal digits
// in the byte order of the machine, which is little-endian on all that we build for. Lines that make no
// sense are left out.
func Routes(r io.Reader) []Route {
	out := []Route{}
	lines := bufio.NewScanner(r)
	for first := true; lines.Scan() && len(out) < maxRoutes; first = false {
		f := strings.Fields(lines.Text())
		if first || len(f) < 8 {
			continue
		}
		to, ok1 := address(f[1])
		over, ok2 := address(f[2])
		mask, ok3 := address(f[7])
		if !ok1 || !ok2 || !ok3 {
			continue
		}
		bits, _ := net.IPMask(mask.AsSlice()).Size()
		route := Route{Interface: f[0], Destination: fmt.Sprintf("%s/%d", to, bits), Metric: f[6]}
		if !over.IsUnspecified() {
			route.Gateway = over.String()
		}
		out = append(out, route)
	}
	return out
}

func address(digits string) (netip.Addr, bool) {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != 4 {
		return netip.Addr{}, false
	}
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], binary.BigEndian.Uint32(raw))
	return netip.AddrFrom4(b), true
}

// Resolve asks the name server for a host.
func Resolve(ctx context.Context, host string) Lookup {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	begun := time.Now()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	out := Lookup{Host: host, Addresses: addresses, TookMS: time.Since(begun).Milliseconds()}
	if err != nil {
		out.Error, out.Addresses = err.Error(), []string{}
	}
	return out
}

// ReadSignal reads what the modem says: a file, or else what a command prints. Both come from edge.yml on the
// machine and from nowhere else. nil: neither is given.
func ReadSignal(ctx context.Context, file string, command []string) *Signal {
	var text []byte
	var err error
	switch {
	case file != "":
		text, err = readHead(file)
	case len(command) > 0:
		ctx, cancel := context.WithTimeout(ctx, signalWithin)
		defer cancel()
		out := &head{}
		c := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // edge.yml of this machine names it
		c.Stdout, c.WaitDelay = out, time.Second
		err = c.Run()
		text = out.Bytes()
	default:
		return nil
	}
	s := &Signal{Text: strings.TrimSpace(strings.ToValidUTF8(string(text), ""))}
	if err != nil {
		s.Error = err.Error()
	}
	return s
}

func readHead(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxSignal))
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	_, err := h.Buffer.Write(p[:min(len(p), max(maxSignal-h.Len(), 0))])
	return len(p), err
}

// Disk is the room where the data are.
type Disk struct {
	Folder     string `json:"folder"`
	Bytes      uint64 `json:"bytes"`
	Free       uint64 `json:"free"` // for this program
	Inodes     uint64 `json:"inodes"`
	FreeInodes uint64 `json:"free_inodes"`
	Files      []File `json:"files"`
	Error      string `json:"error,omitempty"`
}

// File is one file of the data.
type File struct {
	Name     string    `json:"name"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
}

const maxFiles = 100

// LookAtDisk says how much room there is and what lies in the folder.
func LookAtDisk(folder string) Disk {
	out := Disk{Folder: folder, Files: []File{}}
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		out.Error = fmt.Sprintf("look at %s: %v", folder, err)
		return out
	}
	size := uint64(s.Bsize) //nolint:gosec // its type differs between processors; never negative
	out.Bytes, out.Free, out.Inodes, out.FreeInodes = s.Blocks*size, s.Bavail*size, s.Files, s.Ffree
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // what cannot be read is left out
		}
		if len(out.Files) == maxFiles {
			return fs.SkipAll
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		out.Files = append(out.Files, File{name, info.Size(), info.ModTime().UTC()})
		return err
	})
	if err != nil {
		out.Error = err.Error()
	}
	return out
}

// Profile is goroutine or heap as text, which go tool pprof reads too.
func Profile(name string) (string, error) {
	out := &strings.Builder{}
	if err := pprof.Lookup(name).WriteTo(out, 1); err != nil {
		return "", fmt.Errorf("write profile %s: %w", name, err)
	}
	return out.String(), nil
}
