package statuspage

import (
	_ "embed"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/fengsui/fengsui/edge/internal/crew"
	"github.com/fengsui/fengsui/shared/wire"
)

//go:embed messages.css
var messagesStyle string

// messagesView is what the crew sees. The page may stay open on a screen in the car: it loads itself again.
type messagesView struct {
	Name, Lang string
	Link       bool
	List       []crew.Message
	zone       *time.Location
}

// write is the page of messages.
func (v *messagesView) write() string {
	s := &sheet{lang: v.Lang, zone: v.zone}
	s.head(markup(messagesStyle)).m("<title>").t("指挥中心消息", "Messages").m(" · ").v(v.Name).m("</title><header><h1>").t("指挥中心消息", "Messages of the command centre").m(`</h1><span class="quiet">`).v(v.Name).times().m("</span>")
	if !v.Link {
		s.badge("b", "bad", "与中心断开，回复将在恢复后送达", "no link: your answer goes out when it is back")
	}
	s.other()
	for i := range v.List {
		s.message(&v.List[i])
	}
	if len(v.List) == 0 {
		s.badge("p", "quiet", "没有消息", "There are no messages")
	}
	return s.m("</html>\n").b.String()
}

func (s *sheet) message(m *crew.Message) {
	s.m(`<article class="`)
	if m.Waiting {
		s.m("waits")
	}
	if m.Past {
		s.m(" past")
	}
	s.m(`"><small>`)
	if m.Urgent {
		s.badge("b", "bad", "紧急", "URGENT").m(" · ")
	}
	s.v(m.From).m(" · ").v(s.at(m.At)).m(" · ").t("有效至", "valid until").m(" ").v(s.at(m.Until)).m(`</small><p class="text">`).v(m.Text).m("</p>")
	where := "/messages/" + url.PathEscape(m.ID)
	if m.HasPic {
		s.m(`<img src="`).v(where+"/picture").m(`" alt="`).t("指挥中心标注的画面", "picture with the drawing of the command centre").m(`">`)
	}
	switch {
	case m.Waiting:
		s.m(`<form method="post" action="`).v(where).t("", "?lang=en").m(`"><button class="yes">`).t("收到，执行", "Understood, will do").m("</button>")
		for _, r := range []struct{ value, zh, en string }{
			{"busy", "正在执行其他任务", "busy with another task"},
			{"blocked", "道路不通，无法到达", "cannot get there"},
			{"danger", "现场危险，无法执行", "too dangerous"},
			{"unclear", "内容不清楚，请通话说明", "not clear: call us"},
		} {
			s.m(`<button name="refuse" value="`).v(r.value).m(`">`).t(r.zh, r.en).m("</button>")
		}
		s.m("</form>")
	case m.State == wire.CrewConfirmed:
		s.m("<b>✓ ").t("已确认", "confirmed").m("</b>")
	case m.State == wire.CrewRefused:
		s.m("<b>").t("已回复：无法执行", "answered: cannot do it").m("</b>")
	case m.Past:
		s.m("<b>").t("已过有效期", "expired").m("</b>")
	}
	s.m("</article>")
}

// refusals are why a crew cannot do something, by word of the form: a screen in a car has no keyboard.
func refusals() map[string]string {
	return map[string]string{"busy": "正在执行其他任务", "blocked": "道路不通，无法到达", "danger": "现场危险，无法执行", "unclear": "内容不清楚，请通话说明"}
}

// messages shows them. What a screen has fetched counts as shown.
func (p *Page) messages(w http.ResponseWriter, r *http.Request) {
	v := messagesView{Name: p.Name, Link: p.Link().Connected, Lang: lang(r), List: p.Crew.Messages(), zone: p.Zone}
	var ids []string
	for _, m := range v.List {
		ids = append(ids, m.ID)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; frame-ancestors 'none'")
	if _, err := io.WriteString(w, v.write()); err != nil {
		p.Log.Debug("page of messages not sent", "error", err)
		return
	}
	if err := p.Crew.Shown(r.Context(), ids...); err != nil {
		p.Log.Error("that messages were shown is not kept", "error", err)
	}
}

func (p *Page) picture(w http.ResponseWriter, r *http.Request) {
	text, err := os.ReadFile(p.Crew.Picture(r.PathValue("id")))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(text)
}

// answer takes what a person at this machine says to a message.
func (p *Page) answer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	var err error
	id, why := r.PathValue("id"), r.PostFormValue("refuse")
	switch reason, ok := refusals()[why]; {
	case why == "":
		err = p.Crew.Confirm(r.Context(), id, crew.ByPage)
	case ok:
		err = p.Crew.Refuse(r.Context(), id, crew.ByPage, reason)
	default:
		http.Error(w, "no such answer", http.StatusBadRequest)
		return
	}
	if err != nil {
		p.Log.Warn("answer to a message is not taken", "error", err)
	}
	to := "/messages"
	if lang(r) == "en" {
		to += "?lang=en"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func lang(r *http.Request) string {
	if slices.Contains(r.URL.Query()["lang"], "en") {
		return "en"
	}
	return "zh"
}
