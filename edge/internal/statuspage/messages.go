package statuspage

import (
	_ "embed"
	"net/http"
	"os"
	"slices"

	"github.com/fengsui/fengsui/edge/internal/crew"
)

//go:embed messages.html
var messagesText string

// messagesView is what the crew sees. The page may stay open on a screen in the car: it loads itself again.
type messagesView struct {
	Name, Lang string
	Link       bool
	List       []crew.Message
}

// refusals are why a crew cannot do something, by word of the form: a screen in a car has no keyboard.
func refusals() map[string]string {
	return map[string]string{"busy": "正在执行其他任务", "blocked": "道路不通，无法到达", "danger": "现场危险，无法执行", "unclear": "内容不清楚，请通话说明"}
}

// messages shows them. What a screen has fetched counts as shown.
func (p *Page) messages(w http.ResponseWriter, r *http.Request) {
	v := messagesView{Name: p.Name, Link: p.Link().Connected, Lang: lang(r), List: p.Crew.Messages()}
	var ids []string
	for _, m := range v.List {
		ids = append(ids, m.ID)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; frame-ancestors 'none'")
	if err := p.board.Execute(w, v); err != nil {
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
