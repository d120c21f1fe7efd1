package audit

import (
	"strings"
	"testing"
	"time"
)

func TestAnyChangeOfAnEntryBreaksItsHash(t *testing.T) {
	e := Entry{ID: "1", At: time.Unix(1, 0), Actor: "u", ActorName: "张三", Kind: "alarm.opened", Subject: "a", Data: []byte(`{}`)}.chain(Head{})
	if problem := e.check(Head{}); problem != "" {
		t.Fatal(problem)
	}
	for name, change := range map[string]func(*Entry){
		"time":            func(e *Entry) { e.At = e.At.Add(time.Microsecond) },
		"actor":           func(e *Entry) { e.Actor = "v" },
		"data":            func(e *Entry) { e.Data = []byte(`{"a":1}`) },
		"moved character": func(e *Entry) { e.Kind, e.Subject = "alarm.opene", "da" },
		"number":          func(e *Entry) { e.Seq = 2 },
		"chain":           func(e *Entry) { e.PrevHash = "x" },
	} {
		changed := e
		change(&changed)
		if changed.check(Head{}) == "" {
			t.Errorf("%s: a changed entry passes", name)
		}
	}
}

func TestSecretsNeverReachTheRecord(t *testing.T) {
	got, err := text(map[string]any{
		"password": "p1", "enrol": map[string]any{"Token": "t1", "expires": "soon"}, "keys": []any{map[string]any{"private_key": "k1"}},
		"must_change_password": true, "token_id": 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"p1", "t1", "k1"} {
		if strings.Contains(string(got), secret) {
			t.Errorf("%s holds %s", got, secret)
		}
	}
	for _, kept := range []string{`"must_change_password":true`, `"expires":"soon"`} {
		if !strings.Contains(string(got), kept) {
			t.Errorf("%s lacks %s", got, kept)
		}
	}
}
