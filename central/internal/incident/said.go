package incident

import "regexp"

// How documents say a line of the timeline: one place for all papers, as the console has one for all screens. The kinds
// and acts of the capabilities above stand here too, by the words that they write.

var kindWords = map[Kind]string{
	Opened: "立案", Changed: "更正", Graded: "定级", Answered: "响应", Counted: "数字", Learned: "另一来源", Noted: "记事", Joined: "合并", Parted: "取消合并", Halved: "拆分", Ended: "结束",
	Reopened: "重新处置", Voided: "撤销", Reported: "信息报告", Ordered: "批示", Spoken: "喊话", Filmed: "随事件录像", Messaged: "现场消息", Consulted: "会商",
	"task": "任务", "command": "指挥", "opinion": "舆情", "statement": "新闻发布", "expert": "专家意见", "field": "现场上报", "resource": "力量物资", "review": "复盘",
}

// actWords: under kind_act where the same word means another thing with that kind.
var actWords = map[string]string{
	"above": "告知上级", "accept": "接受", "accepted": "接收", "alarm": "告警", "answer": "回复", "asked": "提出需求", "asked_briefing": "要求开新闻发布会", "asked_statement": "要求回应", "back": "退回重办",
	"begun": "开始", "call": "电话", "came_along": "随合并转来", "cancelled": "取消", "changed": "修改", "checked": "核对", "close": "办结", "closed": "需求结束", "command_take": "担任指挥", "concluded": "完成",
	"consult_came": "到场", "consult_chaired": "移交主持", "consult_ended": "结束", "consult_invited": "邀请", "consult_left": "离场", "consult_opened": "打开会商室", "consult_recorded": "开始录制", "consult_removed": "请出",
	"consult_revoked": "撤回邀请", "consult_shared": "共享现场画面", "consult_shared_map": "共享地图", "consult_unrecorded": "停止录制", "consult_unshared": "停止共享",
	"crew_confirmed": "现场已确认", "crew_expired": "过期未确认", "crew_refused": "现场无法执行", "crew_sent": "发出", "crew_withdrawn": "撤回",
	"decline": "未接受", "declined": "不予启动", "demanded": "预案要求", "department": "部门", "desk": "本级值班室", "dispatched": "调派", "discarded": "作废", "done": "完成", "drafted": "起草", "en_route": "出发",
	"false": "不实", "field": "现场", "field_photo": "照片", "field_refused": "任务步骤未生效，内容保留", "field_text": "文字", "film_begun": "开始录像", "film_ended": "提前停止", "film_waiting": "待响应启动后录像",
	"found": "发现", "from": "并入本事件", "given": "临时下达", "group": "工作组", "group_closed": "工作组撤销", "hot": "热点", "into": "并入", "issued": "发放", "late": "逾期", "leave": "交出指挥",
	"lesson": "改进事项", "lesson_again": "改进事项重新打开", "lesson_closed": "改进事项销号", "link": "出示地址", "media": "媒体", "missed": "未按时报告", "needless": "无需执行", "note": "备注", "off": "拆出", "offer": "提出移交",
	"on_site": "到场", "opened": "签收查看", "ordered": "批示", "phoned": "电话报告", "plan": "按预案", "proposed": "启动建议", "public": "公众", "published": "发布", "reason": "逾期原因", "recorded": "记录", "refused": "不能到场",
	"released": "放行", "reopen": "重新办理", "reopened": "重新打开", "report": "报告", "report_late": "超时未报", "reserved": "预留", "restored": "归还", "returned": "退回", "rising": "升温", "scattered": "零星", "seat": "岗位", "seize": "接管",
	"sent": "报送", "signed": "签发", "split": "由事件拆出", "split_from": "拆自", "start": "开始", "suggested": "预案修订建议", "take": "领办", "talk_silent": "没有声音传到",
	"opinion_task_late": "回应超时", "task_dropped": "不需回应", "task_said": "已回应", "true": "属实", "unclear": "待查", "unlinked": "一条接报移出", "urge": "催办", "void": "收回",
	// fields that were corrected, and what was counted
	"category": "类别", "division": "行政区划", "occurred_at": "事发时间", "place": "地点", "position": "坐标", "sensitive": "敏感", "summary": "概况", "title": "标题",
	"affected": "受灾", "dead": "死亡", "evacuated": "转移", "injured": "受伤", "loss": "损失（万元）", "missing": "失联", "serious": "重伤", "trapped": "被困",
}

var (
	levelsAct  = regexp.MustCompile(`^([0-4])→([0-4])$`)
	systemName = regexp.MustCompile(`^[a-z][a-z .-]*$`)
)

// What is the kind of a line and what of the kind it was, as documents say it: 力量物资·调派. An act without a word is
// left out, for nobody outside reads ours.
func (s Step) What() string {
	what := kindWords[s.Kind]
	if what == "" {
		what = "其他"
	}
	if act := s.did(); act != "" {
		what += "·" + act
	}
	return what
}

func (s Step) did() string {
	if m := levelsAct.FindStringSubmatch(s.Act); m != nil {
		name := ResponseName
		if s.Kind == Graded {
			name = LevelName
		}
		return name(int(m[1][0]-'0')) + "→" + name(int(m[2][0]-'0'))
	}
	if own := actWords[string(s.Kind)+"_"+s.Act]; own != "" { // without an act there is none
		return own
	}
	return actWords[s.Act]
}

// Who wrote a line, as documents say it: organisation and name, or 系统 for a part of the centre.
func (s Step) Who() string {
	switch {
	case s.OrgName == "" && systemName.MatchString(s.ByName):
		return "系统"
	case s.OrgName == "":
		return s.ByName
	case s.ByName == "":
		return s.OrgName
	}
	return s.OrgName + " " + s.ByName
}
