package statuspage

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// markup is HTML that this package wrote itself: constants turn into it, values of others do not. html/template would
// cost a terminal almost a megabyte.
type markup string

// sheet is a page that is being written. Everything but markup is escaped for text and for quoted attributes.
type sheet struct {
	b    strings.Builder
	lang string
	zone *time.Location // of its times, whatever the machine has
}

// m writes markup.
func (s *sheet) m(text markup) *sheet {
	s.b.WriteString(string(text))
	return s
}

// v writes a value.
func (s *sheet) v(value any) *sheet {
	s.b.WriteString(html.EscapeString(strings.ReplaceAll(fmt.Sprint(value), "\x00", "\ufffd")))
	return s
}

// t writes words in the reader's language.
func (s *sheet) t(zh, en string) *sheet { return s.v(words(s.lang, zh, en)) }

// badge writes words of a class.
func (s *sheet) badge(element, class markup, zh, en string) *sheet {
	return s.m("<"+element+` class="`+class+`">`).t(zh, en).m("</" + element + ">")
}

// head begins a document that comes again every 5 s.
func (s *sheet) head(style markup) *sheet {
	return s.m(`<!doctype html><html lang="`).t("zh-CN", "en").m(`"><meta charset="utf-8"><meta http-equiv="refresh" content="5">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1"><style>` + style + `</style>`)
}

// other is the link to the same page in the other language.
func (s *sheet) other() {
	s.m(`<a href="`).t("?lang=en", "?").m(`">`).t("English", "中文").m(`</a></header>`)
}

func words(lang, zh, en string) string {
	if lang == "en" {
		return en
	}
	return zh
}

func (s *sheet) at(ms int64) string {
	if ms == 0 {
		return "–"
	}
	return wire.Time(ms).In(s.zone).Format("2006-01-02 15:04:05")
}

func (s *sheet) day(ms int64) string { return wire.Time(ms).In(s.zone).Format(time.DateOnly) }

// times says which zone it is.
func (s *sheet) times() *sheet {
	return s.m(" · ").t("时间", "times").m(" ").v(s.zone).v(time.Now().In(s.zone).Format(" UTC-07:00"))
}

func size(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.2f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
}
