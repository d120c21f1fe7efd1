package recording

import (
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// ClipState is how far a clip is.
type ClipState string

// The states.
const (
	Making     ClipState = "making"
	Made       ClipState = "made"
	ClipFailed ClipState = "failed" // Trouble says why
)

// Trouble is why a clip, or its burned-in copy, is not there.
type Trouble string

// The troubles.
const (
	NoPictures Trouble = "nothing" // what was recorded has gone meanwhile
	NoRoom     Trouble = "room"    // the disk has too little left
	NotBurned  Trouble = "burn"    // the copy without burned-in time is there
	NoBucket   Trouble = "bucket"  // what it is made of lies in a bucket that says no
	NotWritten Trouble = "disk"    // the log says more
)

// Clip is a span of a camera's recording as files that can be handed on. It is deleted when it expires; that it was
// made, and who took it, stays in the audit record.
type Clip struct {
	ID         string     `json:"id"` // UUIDv7
	Stream     string     `json:"stream"`
	Camera     string     `json:"camera"` // its name as it was then
	From       time.Time  `json:"from"`
	To         time.Time  `json:"to"`
	Reference  string     `json:"reference"` // for which incident or file
	Mute       bool       `json:"mute"`      // without sound
	Burn       bool       `json:"burn"`      // time and watermark burned in, in a second copy
	State      ClipState  `json:"state" enum:"making,made,failed"`
	Percent    int        `json:"percent"` // while it is being made
	Trouble    Trouble    `json:"trouble,omitempty" enum:"nothing,room,burn,bucket,disk"`
	Files      []ClipFile `json:"files"`
	Gaps       []Gap      `json:"gaps"`   // of the span nothing was recorded there
	OrgID      string     `json:"org_id"` // whose it is
	OrgName    string     `json:"org_name"`
	Yours      bool       `json:"yours"` // within reach of who asks
	Author     string     `json:"author"`
	AuthorName string     `json:"author_name"`
	CreatedAt  time.Time  `json:"created_at"`
	MadeAt     *time.Time `json:"made_at,omitempty"`
	Expires    time.Time  `json:"expires"`
}

// ClipFile is one MP4 of a clip. There are several when the picture became another in the span, or it is large.
type ClipFile struct {
	Name      string    `json:"name"`
	Burned    bool      `json:"burned"` // coded again, with the time in the picture; otherwise the pictures as the camera coded them
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"` // 64 hexadecimal digits
	Seconds   float64   `json:"seconds"`
	Sound     bool      `json:"sound"` // it has sound
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	Stretches []Stretch `json:"stretches"`
}

// Stretch is what a piece of a file shows. Gaps take no time in the file.
type Stretch struct {
	At     float64   `json:"at"` // seconds from the beginning of the file
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Source Source    `json:"source" enum:"live,edge"`
}

// Gap is a span without pictures.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

const (
	maxClip     = 2 * time.Hour
	leastClip   = time.Second
	maxWaiting  = 50
	maxClipFile = 2 << 30 // of pictures: an MP4 of this form ends at 4 GiB, and so do old disks
)

func (c Clip) check(now time.Time) error {
	if err := checkSpan(c.From, c.To, maxClip); err != nil {
		return err
	}
	switch {
	case c.To.Sub(c.From) < leastClip:
		return errs.Field("recording.span", "to", "must be at least a second after from")
	case c.To.After(now):
		return errs.Field("recording.span", "to", "must be past")
	case c.Reference == "" || !errs.Line(c.Reference, maxReference):
		return errs.Field("recording.clip", "reference", "1 to 100 characters: the incident or the file that it is for")
	}
	return nil
}

// china is the time that stands in papers, names and pictures.
func china(t time.Time) time.Time { return t.In(event.China()) }

// base is the beginning of the names of its files.
func (c Clip) base() string { return c.Stream + "_" + china(c.From).Format("20060102-150405") }

// noteName is the file that says what the others are.
func (c Clip) noteName() string { return c.base() + "_sha256.txt" }

// note says what the files are, who made them, and their hashes in lines that sha256sum -c reads.
func (c Clip) note(watermark string) string {
	var b strings.Builder
	moment := func(t time.Time) string { return china(t).Format("2006-01-02 15:04:05.000") }
	line := func(zh, en, value string) { fmt.Fprintf(&b, "# %s (%s): %s\n", zh, en, value) }
	b.WriteString("# 烽燧 录像片段说明 / Fengsui: note on a clip of a recording\n# 时间均为北京时间 / all times UTC+8\n#\n")
	line("摄像机", "camera", c.Camera+" ["+c.Stream+"]")
	line("起止", "span", moment(c.From)+" – "+moment(c.To))
	line("用途", "for", c.Reference)
	line("制作", "made by", c.AuthorName+" ["+c.Author+"] "+moment(*c.MadeAt))
	line("编号", "number", c.ID)
	if len(c.Gaps) == 0 {
		line("缺失", "gaps", "无 / none")
	}
	for _, g := range c.Gaps {
		line("缺失", "gap", moment(g.From)+" – "+moment(g.To))
	}
	for _, f := range c.Files {
		b.WriteString("#\n")
		line("文件", "file", fmt.Sprintf("%s, %d 字节 bytes, %.3f s, %d × %d", f.Name, f.Bytes, f.Seconds, f.Width, f.Height))
		if f.Burned {
			line("画面", "picture", "重新编码，时间"+map[bool]string{true: "和水印"}[watermark != ""]+"已叠加 / coded again, time burned in")
		} else {
			line("画面", "picture", "原始编码，未叠加任何内容 / as the camera coded it, nothing burned in")
		}
		line("声音", "sound", map[bool]string{true: "有 / yes", false: "无 / none"}[f.Sound])
		for _, s := range f.Stretches {
			who := "中心录制 / recorded at the centre"
			if s.Source == Edge {
				who = "终端补录 / recorded at the terminal"
			}
			line("画面时刻", "shows", fmt.Sprintf("%.3f s = %s – %s, %s", s.At, moment(s.From), moment(s.To), who))
		}
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Name)
	}
	return b.String()
}
