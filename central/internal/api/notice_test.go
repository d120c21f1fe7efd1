package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// line is a channel to a gateway that names messages by their number and tells of them as a form or JSON.
type line struct{}

func (line) Takes() notice.Takes { return notice.Number }

func (line) Send(_ context.Context, m notice.Message) (string, error) { return "ref-" + m.To, nil }

func (line) Hear(secret, contentType string, body []byte) ([]notice.Told, error) {
	if secret != "s3cret" {
		return nil, errs.E(errs.NotFound, "notice.no_callback", "there is nothing at this address")
	}
	said := map[string]string{}
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		for k := range form {
			said[k] = form.Get(k)
		}
		return told(said), err
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return nil, errs.E(errs.Invalid, "notice.callback", "the body is neither a form nor JSON objects")
	}
	return told(said), nil
}

func told(said map[string]string) []notice.Told {
	return []notice.Told{{Ref: said["id"], State: said["state"], Delivered: said["state"] == "OK", From: said["from"], Text: said["text"]}}
}

// A gateway tells receipts and answers as JSON or as a form, through the address that the operator gives it.
func TestAGatewayTellsOverHTTP(t *testing.T) {
	db := storetest.SQLite(t)
	channel := notice.Channel{Name: "sms", Sender: line{}}
	svc := notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Channels: []notice.Channel{channel}, Events: event.NewBus(audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler)))})
	said := make(chan string, 8)
	svc.OnAnswer("rollcall", func(_ context.Context, n notice.Notice, text string) error {
		said <- n.Name + " " + text
		return nil
	})
	s := New(Options{Listen: "127.0.0.1:0"})
	RegisterNotices(s, svc)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	system := actor.WithSystem(t.Context(), "test")
	for name, number := range map[string]string{"甲": "13800000001", "乙": "13800000002"} {
		err := svc.Queue(system, notice.Order{
			Key: name, Kind: "rollcall", Division: "320623", Title: "查岗", Text: "请回复 1", Until: time.Now().Add(time.Hour),
			To: []notice.Person{{ID: number, Name: name, Ways: []notice.Way{{Channel: "sms", Address: number}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := svc.Turn(system, channel); err != nil {
		t.Fatal(err)
	}
	tell := func(secret, kind, body string) int {
		res, err := http.Post("http://"+s.Addr().String()+"/api/v1/notices/gateway/sms/"+secret, kind, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	const form, object = "application/x-www-form-urlencoded", "application/json"
	for _, c := range []struct {
		what, secret, kind, body string
		want                     int
	}{
		{"a receipt as JSON", "s3cret", object, `{"id":"ref-13800000001","state":"OK"}`, http.StatusNoContent},
		{"a receipt as a form", "s3cret", form, "id=ref-13800000002&state=OK", http.StatusNoContent},
		{"an answer as JSON", "s3cret", "application/json; charset=utf-8", `{"from":"+8613800000001","text":"1"}`, http.StatusNoContent},
		{"an answer as a form", "s3cret", form, "from=13800000002&text=%E5%88%B0", http.StatusNoContent},
		{"a wrong secret", "guess", object, `{}`, http.StatusNotFound},
		{"what is no JSON", "s3cret", object, `{"id"`, http.StatusUnprocessableEntity},
	} {
		if got := tell(c.secret, c.kind, c.body); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
	list, err := svc.List(system, notice.Delivered, page.Request{})
	if err != nil || len(list.Items) != 2 {
		t.Errorf("delivered: %+v, %v", list.Items, err)
	}
	for _, want := range []string{"甲 1", "乙 到"} {
		if got := <-said; got != want {
			t.Errorf("the answer is %q, want %q", got, want)
		}
	}
}
