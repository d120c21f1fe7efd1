package notice_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/channel/httpsms"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// telling is a real gateway that names each message by its number, and may tell of it later.
func telling(t *testing.T, name string) notice.Channel {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"id":"`+name+"-"+string(text)+`"}`)
	}))
	t.Cleanup(server.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	sender, err := httpsms.New(httpsms.Options{URL: server.URL, Method: "POST", Body: "{{.To}}", Ref: `"id":"([^"]+)"`, Callback: httpsms.Callback{SecretFile: secret, Ref: "id", State: "state", Delivered: "^OK$", Failed: "^BAD"}})
	if err != nil {
		t.Fatal(err)
	}
	return notice.Channel{Name: name, Sender: sender}
}

// A receipt is what says that a message has arrived; one that never will goes the next way, and is told when there is none.
func TestReceiptsSayWhatArrived(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db, telling(t, "one"), telling(t, "two"))
		o.queue("a", notice.Person{ID: "1", Name: "甲", Ways: []notice.Way{{Channel: "one", Address: "13800000001"}, {Channel: "two", Address: "13800000002"}}})
		o.turn()
		hear := func(channel, ref, state string) {
			t.Helper()
			if err := o.Hear(o.ctx, channel, "s", "application/json", []byte(`{"id":"`+ref+`","state":"`+state+`"}`)); err != nil {
				t.Fatal(err)
			}
		}
		hear("one", "one-unknown", "OK")
		hear("one", "one-13800000001", "WAIT")
		if n := o.find("甲"); n.State != notice.Sent {
			t.Fatalf("%+v", n)
		}
		hear("one", "one-13800000001", "BAD number")
		hear("one", "one-13800000001", "BAD number") // told again
		o.turn()
		if n := o.find("甲"); n.State != notice.Sent || n.Way != 1 || n.Ref != "two-13800000002" {
			t.Fatalf("the next way: %+v", n)
		}
		hear("one", "one-13800000001", "OK") // of the way that was given up
		hear("two", "two-13800000002", "OK")
		hear("two", "two-13800000002", "BAD late")
		if n := o.find("甲"); n.State != notice.Delivered || n.DeliveredAt == nil {
			t.Errorf("arrived: %+v", n)
		}
		o.queue("b", notice.Person{ID: "2", Name: "乙", Ways: []notice.Way{{Channel: "one", Address: "13800000003"}}})
		o.turn()
		hear("one", "one-13800000003", "BAD")
		if n := o.find("乙"); n.State != notice.Failed || len(o.desk.told) != 1 || o.desk.told[0] != "lost 乙" {
			t.Errorf("lost: %+v, told %v", n, o.desk.told)
		}
	})
}

// A receipt that comes before the centre has kept the gateway's name of the message is not lost.
func TestAnEarlyReceiptWaitsForItsMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db, telling(t, "one"), telling(t, "two"))
		early := func(ref, state string) {
			t.Helper()
			for range 2 {
				if err := o.Hear(o.ctx, "one", "s", "application/json", []byte(`{"id":"one-`+ref+`","state":"`+state+`"}`)); err != nil {
					t.Fatal(err)
				}
			}
		}
		early("13800000001", "OK")
		early("13800000002", "BAD number")
		early("13800000003", "OK")
		o.queue("a", notice.Person{ID: "1", Name: "甲", Ways: []notice.Way{{Channel: "one", Address: "13800000001"}}})
		o.queue("b", notice.Person{ID: "2", Name: "乙", Ways: []notice.Way{{Channel: "one", Address: "13800000002"}, {Channel: "two", Address: "13800000002"}}})
		o.turn()
		if n := o.find("甲"); n.State != notice.Delivered || n.DeliveredAt == nil {
			t.Errorf("arrived: %+v", n)
		}
		o.turn()
		if n := o.find("乙"); n.State != notice.Sent || n.Way != 1 {
			t.Errorf("the next way: %+v", n)
		}
		o.now = o.now.Add(11 * time.Minute)
		early("13800000009", "OK") // forgets what nobody has come for
		o.queue("c", notice.Person{ID: "3", Name: "丙", Ways: []notice.Way{{Channel: "one", Address: "13800000003"}}})
		o.turn()
		if n := o.find("丙"); n.State != notice.Sent {
			t.Errorf("of a message of long ago: %+v", n)
		}
	})
}
