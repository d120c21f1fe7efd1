package statuspage

import (
	_ "embed"
	"maps"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

//go:embed page.css
var pageStyle string

// write is the page of the terminal.
func (v *view) write() string {
	s := &sheet{lang: v.Lang, zone: v.zone}
	st := &v.Status
	s.head(markup(pageStyle)).m("<title>").v(v.Name).m(" ").v(v.Edge).m("</title><header><h1>").v(v.Name).m("</h1><span>").v(v.Edge).m(" · ").v(st.Agent).times().m("</span>").other()
	link := func() *sheet { return s.m(`<a href="`).t("/messages", "/messages?lang=en").m(`">`) }
	if v.Waits > 0 {
		s.m(`<p class="note"><b>`)
		link().v(v.Waits).m(" ").t("条指挥中心消息待回复", "messages of the command centre wait for an answer").m("</a></b></p>")
	} else {
		s.m("<p>")
		link().t("指挥中心消息", "Messages of the command centre").m("</a></p>")
	}
	if st.Trouble != "" {
		s.m(`<p class="note">`).badge("b", "bad", "磁盘故障", "Disk trouble").m(" ").v(st.Trouble).m("</p>")
	}
	s.m(`<div class="cards">`)
	v.transfer(s)
	v.budget(s)
	v.clock(s)
	s.card("配置 / 证书", "Configuration / certificate").m("<b><code>").v(st.Config).m("</code></b><p>")
	if st.Certificate != 0 {
		s.t("证书有效至", "certificate until").m(" ").v(s.day(st.Certificate))
	} else {
		s.t("没有证书", "no certificate")
	}
	s.m("</p></section></div>")
	v.sensors(s)
	v.cameras(s)
	v.outputs(s)
	return s.m("</html>\n").b.String()
}

// card begins one.
func (s *sheet) card(zh, en string) *sheet {
	return s.m(`<section class="card"><h3>`).t(zh, en).m("</h3>")
}

// transfer is how it stands between terminal and centre.
func (v *view) transfer(s *sheet) {
	st := &v.Status
	s.card("与中心的连接", "Link to the centre")
	if v.Link.Connected {
		s.badge("b", "good", "已连接", "connected")
	} else {
		s.badge("b", "bad", "未连接", "no link")
	}
	s.m("<p>")
	if v.Link.Error != "" {
		s.v(v.Link.Error)
	} else {
		s.t("保活", "probed after").m(" ").v(st.KeepAlive).m(" s")
	}
	s.m("</p></section>").card("待传", "Not yet at the centre").m("<b>").v(st.Backlog.Records).m(" ").t("条", "records").m("</b><p>")
	s.v(size(st.Backlog.Bytes)).m(" · ").t("最早", "oldest").m(" ").v(s.at(st.Backlog.Oldest)).m("</p>")
	if st.Backlog.Drain != 0 {
		s.m("<p>").t("预计", "about").m(" ").v(time.Duration(st.Backlog.Drain)*time.Second).m(" ").t("传完", "until sent").m("</p>")
	}
	s.m("</section>").card("丢弃 / 拒收", "Lost / refused readings")
	if st.Lost != 0 || st.Refused != 0 {
		s.m(`<b class="bad">`)
	} else {
		s.m("<b>")
	}
	s.v(st.Lost).m(" / ").v(st.Refused).m("</b><p>").t("超出配额 / 磁盘写不进", "over the quota / disk took none").m("</p></section>")
}

func (v *view) budget(s *sheet) {
	b := v.Status.Budget
	if b == nil {
		return
	}
	s.card("流量", "Mobile data")
	switch b.Level {
	case wire.BudgetNormal:
		s.badge("b", "good", "正常", "normal")
	case wire.BudgetEco:
		s.badge("b", "mild", "节省", "sparing")
	default:
		s.badge("b", "bad", "仅报警", "alarms only")
	}
	if b.Limit != 0 {
		s.m(`<progress max="100" value="`).v(min(100, (b.Messages+b.Video)*100/b.Limit)).m(`"></progress>`)
	}
	s.m("<p>").v(size(b.Messages + b.Video))
	if b.Limit != 0 {
		s.m(" / ").v(size(b.Limit)).m(" · ").t("重置", "until").m(" ").v(s.day(b.Until))
	}
	s.m(" · ").t("视频", "video").m(" ").v(size(b.Video)).m("</p></section>")
}

func (v *view) clock(s *sheet) {
	c := v.Status.Clock
	if c == nil {
		return
	}
	s.card("时钟", "Clock")
	switch {
	case !v.Status.Synced:
		s.badge("b", "bad", "未校时", "not set")
	case c.Source == "centre":
		s.badge("b", "good", "中心授时", "set by the centre")
	case c.Source == "gnss":
		s.badge("b", "good", "卫星授时", "set by satellites")
	default:
		s.badge("b", "good", "系统已校时", "set by the system")
	}
	s.m("<p>").v(s.at(v.Status.Time))
	if c.Jumps != 0 {
		s.m(" · ").t("跳变", "jumps").m(" ").v(c.Jumps).m(" (").v(c.Jump).m(" ms)")
	}
	s.m("</p></section>")
}

func (v *view) sensors(s *sheet) {
	s.m("<h2>").t("传感器", "Sensors").m(" ")
	if v.Faulty > 0 {
		s.m(`<small class="bad">`).v(v.Faulty).m(" ").t("个设备故障", "devices at fault").m("</small>")
	}
	s.m(`</h2><div class="wide"><table><tr><th>`).t("设备", "Device").m("<th>").t("状态", "State").m("<th>").t("已采集", "Taken").m("<th>").t("最近应答", "Last answer").m("<th>").t("故障计数与最近一帧", "Faults and the last frame").m("</tr>")
	for _, one := range v.Status.Sensors {
		s.m("<tr><td>").v(one.ID).m("<td>")
		switch {
		case one.OK:
			s.badge("span", "good", "正常", "OK")
		case one.Error != "":
			s.badge("span", "bad", "故障", "fault").m(" ").v(one.Error)
		default:
			s.t("未询问", "not asked yet")
		}
		s.m("<td>").v(one.Taken).m("<td>").v(s.at(one.At)).m("<td>")
		for _, kind := range slices.Sorted(maps.Keys(one.Faults)) {
			s.v(kind).m(" ").v(one.Faults[kind]).m(" ")
		}
		if f := one.LastFault; f != nil {
			s.m("<br><small>").v(s.at(f.At)).m(" ").v(f.Text).m("</small>")
			if f.Raw != "" {
				s.m("<br><code>").v(f.Raw).m("</code>")
			}
		}
		s.m("</tr>")
	}
	if len(v.Status.Sensors) == 0 {
		s.m(`<tr><td colspan="5"><small>`).t("没有配置传感器", "none are configured").m("</small></tr>")
	}
	s.m("</table></div>")
}

func (v *view) cameras(s *sheet) {
	if len(v.Status.Cameras) == 0 {
		return
	}
	s.m("<h2>").t("摄像机", "Cameras").m("</h2><table>")
	for _, c := range v.Status.Cameras {
		s.m("<tr><td>").v(c.ID).m("<td>")
		if c.OK {
			s.badge("span", "good", "正常", "OK")
		} else {
			s.badge("span", "bad", "故障", "fault").m(" ").v(c.Error)
		}
		s.m("<td>")
		if c.Sending {
			s.t("正在发送", "sending")
		} else {
			s.t("未发送", "idle")
		}
		s.m("</tr>")
	}
	s.m("</table>")
}

func (v *view) outputs(s *sheet) {
	if len(v.Status.Outputs) == 0 {
		return
	}
	s.m("<h2>").t("警笛与继电器", "Sirens and relays").m("</h2><table>")
	for _, o := range v.Status.Outputs {
		s.m("<tr><td>").t(o.Name, o.NameEN).m(" <small>").v(o.Device).m("/").v(o.Output).m("</small><td>")
		switch {
		case o.Error != "":
			s.badge("span", "bad", "故障", "fault").m(" ").v(o.Error)
		case o.On == nil:
			s.m("–")
		case *o.On:
			s.badge("b", "mild", "开", "on")
		default:
			s.t("关", "off")
		}
		s.m("<td>")
		if o.Until != 0 {
			s.t("至", "until").m(" ").v(s.at(o.Until))
		}
		s.m("</tr>")
	}
	s.m("</table>")
}
