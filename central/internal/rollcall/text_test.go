package rollcall_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A text message from the number that was asked answers; other words are written down, other numbers answer nothing.
func TestATextMessageAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		id := h.begin(deadline.Officer).Posts[0].ID
		_, err := h.notices.Turn(h.system, h.notices.Channels[0])
		h.must(err)
		h.mu.Lock()
		number, _, _ := strings.Cut(h.sent[0], " ")
		h.mu.Unlock()
		say := func(secret, from, text string) error {
			return h.notices.Hear(t.Context(), "sms", secret, "application/x-www-form-urlencoded", []byte(url.Values{"from": {from}, "text": {text}}.Encode()))
		}
		if err := say("guess", number, "1"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a guessed secret: %v", err)
		}
		if err := h.notices.Hear(t.Context(), "mail", "from-the-gateway", "", nil); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a channel that there is not: %v", err)
		}
		h.must(say("from-the-gateway", "13999999999", "1"))
		h.must(say("from-the-gateway", number, "马上到"))
		h.must(say("from-the-gateway", number, "马上到")) // the gateway tells it again
		if p := h.now(id); p.State != rollcall.Waiting || strings.Count(p.Note, "甲短信：马上到") != 1 {
			t.Errorf("%+v", p)
		}
		h.must(say("from-the-gateway", "+86"+number, "到。"))
		p := h.now(id)
		if p.State != rollcall.Answered || p.How != rollcall.Text || p.ByName != "甲" || !p.Rostered || *p.Points != 100 {
			t.Errorf("%+v", p)
		}
		h.must(say("from-the-gateway", number, "1")) // the gateway tells it again
		if again := h.now(id); !again.AnsweredAt.Equal(*p.AnsweredAt) {
			t.Errorf("answered twice: %+v", again)
		}
	})
}
