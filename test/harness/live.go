package harness

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Live is the live view of a centre as a browser keeps it: a snapshot, then increments.
type Live struct {
	mu      sync.Mutex
	conn    *websocket.Conn
	err     error
	seq     uint64
	devices map[string]Device
	alarms  map[string]Alarm
	latest  map[string]Latest
	streams map[string]Stream
	seen    map[string]time.Time // alarm and state → when it came
	cases   chan struct{}
	done    chan struct{}
}

type liveMessage struct {
	Type    string   `json:"type"`
	Seq     uint64   `json:"seq"`
	Devices []Device `json:"devices"`
	Latest  []Latest `json:"latest"`
	Alarms  []Alarm  `json:"alarms"`
	Streams []Stream `json:"streams"`
	Cases   *string  `json:"cases"`
	More    bool     `json:"more"`
}

// Live opens the live view with the session of the client.
func (c *Client) Live(t TB) *Live {
	t.Helper()
	l, err := c.DialLive()
	must(t, err, "open the live view")
	t.Cleanup(l.Close)
	return l
}

// DialLive is Live without a test; the caller closes.
func (c *Client) DialLive() (*Live, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("read address: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	dialer := websocket.Dialer{Jar: c.HTTP.Jar}
	conn, answer, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(c.URL, "http")+"/api/v1/live", http.Header{"Origin": {u.Scheme + "://" + u.Host}})
	if err != nil {
		return nil, fmt.Errorf("dial live view: %w", err)
	}
	answer.Body.Close()
	l := &Live{
		conn: conn, devices: map[string]Device{}, alarms: map[string]Alarm{}, latest: map[string]Latest{},
		streams: map[string]Stream{}, seen: map[string]time.Time{}, cases: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go l.read()
	return l, nil
}

// Close ends it.
func (l *Live) Close() {
	l.conn.Close()
	<-l.done
}

func (l *Live) read() {
	defer close(l.done)
	for {
		var m liveMessage
		err := l.conn.ReadJSON(&m)
		l.mu.Lock()
		if err == nil && m.Seq != l.seq+1 {
			err = fmt.Errorf("seq %d after %d", m.Seq, l.seq)
		}
		if err != nil {
			l.err = err
			l.mu.Unlock()
			return
		}
		l.seq = m.Seq
		l.take(m)
		l.mu.Unlock()
		if m.More {
			_ = l.conn.WriteMessage(websocket.TextMessage, []byte("more")) // reading tells when the socket is gone
		}
	}
}

func (l *Live) take(m liveMessage) {
	now := time.Now()
	if m.Cases != nil {
		select {
		case l.cases <- struct{}{}:
		default: // it has not been looked at since the last time
		}
	}
	for _, d := range m.Devices {
		l.devices[d.ID] = d
	}
	for _, v := range m.Latest {
		l.latest[v.Device+"/"+v.Property] = v
	}
	for _, s := range m.Streams {
		l.streams[s.ID] = s
	}
	for _, a := range m.Alarms {
		l.alarms[a.ID] = a
		if _, ok := l.seen[a.ID+a.State]; !ok {
			l.seen[a.ID+a.State] = now
		}
	}
}

// Err is why it ended, nil while it runs.
func (l *Live) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Device is what is known of a device.
func (l *Live) Device(id string) Device {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.devices[id]
}

// Latest is the newest value of a series.
func (l *Live) Latest(device, property string) Latest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest[device+"/"+property]
}

// Stream is what is known of a stream.
func (l *Live) Stream(id string) Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.streams[id]
}

// Alarms are those of a device in a state, and when the first of them came.
func (l *Live) Alarms(device, state string) (found []Alarm, came time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.alarms {
		if a.Device == device && a.State == state {
			found = append(found, a)
			if at := l.seen[a.ID+state]; came.IsZero() || at.Before(came) {
				came = at
			}
		}
	}
	return found, came
}

// Cases has something in it when the inbox, incidents or reports have changed since it was last read: a page asks again.
func (l *Live) Cases() <-chan struct{} { return l.cases }

// Came is when an alarm first came in a state.
func (l *Live) Came(id, state string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[id+state]
}
