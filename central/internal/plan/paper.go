package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The papers that a plan gives.
const (
	PaperFull    = "full"    // 全本: the whole text, levels, duties and contacts
	PaperBrief   = "brief"   // 简本: the chapters that are marked, and the levels
	PaperBooklet = "booklet" // 一本: what one carries along: levels with their actions, duties, contacts, charts
	PaperTable   = "table"   // 一表: duties and contacts
)

// Block is a piece of a paper.
type Block struct {
	Kind  string     `json:"kind"`  // heading, text, table or flow
	Depth int        `json:"depth"` // of a heading, from 1
	Text  string     `json:"text"`  // of a heading its number and title
	Head  []string   `json:"head"`
	Rows  [][]string `json:"rows"`
	Level int        `json:"level"` // of a flow
	Chart *Drawing   `json:"-"`     // of a flow
}

// Paper is what is printed.
type Paper struct {
	Kind   string  `json:"kind"`
	Sheet  Sheet   `json:"-"`
	Name   string  `json:"name"`
	NameEN string  `json:"name_en"`
	Org    string  `json:"org"`
	Mark   string  `json:"mark"` // version, number, 演示数据
	Source string  `json:"source"`
	Blocks []Block `json:"blocks"`
}

// Compose makes a paper of a body. The same body gives the same paper.
func Compose(kind string, s Sheet, b Body) Paper {
	zh, en := s.line()
	p := Paper{Kind: kind, Sheet: s, Name: s.Name, NameEN: s.NameEN, Org: s.Org, Mark: zh, Source: en, Blocks: []Block{}}
	switch kind {
	case PaperFull:
		p.Blocks = append(p.Blocks, b.chapterBlocks(false)...)
		p.Blocks = append(p.Blocks, heading("附件 1　响应分级"), b.levelTable(), heading("附件 2　职责表"), b.dutyTable(), heading("附件 3　联络表"), b.contactTable())
		p.Blocks = append(p.Blocks, b.levelBlocks(4, "附件 %d　%s 级响应行动表")...)
		p.Blocks = append(p.Blocks, b.reportBlocks(fmt.Sprintf("附件 %d　报告时限表", 4+len(b.Levels)))...)
	case PaperBrief:
		p.Blocks = append(p.Blocks, b.chapterBlocks(true)...)
		p.Blocks = append(p.Blocks, heading("响应分级"), b.levelTable())
		p.Blocks = append(p.Blocks, b.reportBlocks("报告时限")...)
	case PaperBooklet:
		p.Blocks = append(p.Blocks, heading("一、响应分级"), b.levelTable(), heading("二、职责"), b.dutyTable(), heading("三、联络"), b.contactTable(), heading("四、行动"))
		for _, l := range b.sortedLevels() {
			p.Blocks = append(p.Blocks, Block{Kind: "heading", Depth: 2, Text: Numeral(l.Level) + " 级响应"}, b.actionTable(l.Level), b.flowBlock(s, l.Level))
		}
		p.Blocks = append(p.Blocks, b.reportBlocks("五、报告时限")...)
	case PaperTable:
		p.Blocks = append(p.Blocks, heading("职责表"), b.dutyTable(), heading("联络表"), b.contactTable())
	}
	for i := range p.Blocks {
		p.Blocks[i].Head, p.Blocks[i].Rows = append([]string{}, p.Blocks[i].Head...), append([][]string{}, p.Blocks[i].Rows...)
	}
	return p
}

func (b Body) flowBlock(s Sheet, level int) Block {
	d := Flow(s, b, level)
	return Block{Kind: "flow", Level: level, Chart: &d}
}

func heading(text string) Block { return Block{Kind: "heading", Depth: 1, Text: text} }

func (b Body) sortedLevels() []Level {
	out := slices.Clone(b.Levels)
	slices.SortFunc(out, func(x, y Level) int { return y.Level - x.Level })
	return out
}

func (b Body) levelBlocks(first int, title string) []Block {
	var out []Block
	for i, l := range b.sortedLevels() {
		out = append(out, heading(fmt.Sprintf(title, first+i, Numeral(l.Level))), b.actionTable(l.Level))
	}
	return out
}

// chapterBlocks are the chapters; of the brief ones also those above them, without their text.
func (b Body) chapterBlocks(brief bool) []Block {
	numbers := b.Numbers()
	var out []Block
	for i, c := range b.Chapters {
		below := false
		for _, d := range b.Chapters[i+1:] {
			if d.Depth <= c.Depth {
				break
			}
			below = below || d.Brief
		}
		if brief && !c.Brief && !below {
			continue
		}
		out = append(out, Block{Kind: "heading", Depth: c.Depth, Text: strings.TrimSpace(numbers[i] + " " + c.Title)})
		if brief && !c.Brief {
			continue
		}
		for line := range strings.SplitSeq(c.Text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				out = append(out, Block{Kind: "text", Text: line})
			}
		}
	}
	return out
}

func (b Body) levelTable() Block {
	t := Block{Kind: "table", Head: []string{"级别", "启动条件（有一项即可）", "启动决定"}}
	for _, l := range b.sortedLevels() {
		var lines []string
		for i, c := range l.Conditions {
			lines = append(lines, fmt.Sprintf("（%d）%s", i+1, c.Text))
		}
		t.Rows = append(t.Rows, []string{Numeral(l.Level) + " 级", strings.Join(lines, "\n"), l.Decider})
	}
	return t
}

func (b Body) dutyTable() Block {
	t := Block{Kind: "table", Head: []string{"组别", "角色", "由谁担任", "职责"}}
	for _, r := range b.Roles {
		t.Rows = append(t.Rows, []string{r.Group, r.Name, r.Fill.Name, r.Duty})
	}
	return t
}

func (b Body) contactTable() Block {
	t := Block{Kind: "table", Head: []string{"单位", "姓名", "职务", "电话", "事项"}}
	for _, c := range b.Contacts {
		t.Rows = append(t.Rows, []string{c.Org, c.Name, c.Post, c.Phone, c.Duty})
	}
	return t
}

func (b Body) actionTable(level int) Block {
	t := Block{Kind: "table", Head: []string{"序号", "时限", "行动", "责任角色", "条件", "凭据与文件", "条款"}}
	clauses := b.clauses()
	evidence := map[string]string{"text": "文字", "photo": "照片", "position": "位置", "document": "文件", "signature": "签字"}
	for i, d := range b.Schedule(level) {
		role, _ := b.role(d.RoleID)
		var proof []string
		for _, e := range d.Evidence {
			proof = append(proof, evidence[e])
		}
		if d.Output != "" {
			proof = append(proof, "《"+strings.Trim(d.Output, "《》")+"》")
		}
		clause, _, _ := strings.Cut(clauses[d.Clause], " ")
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), Span(d.At), d.Title, role.Name, d.Condition, strings.Join(proof, "、"), clause})
	}
	return t
}
