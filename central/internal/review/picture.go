package review

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/fengsui/fengsui/central/internal/paper"
)

// listed are the rows of all pictures that were sent with tasks.
func (r Record) listed() []string {
	var out []string
	for _, l := range r.Lines {
		if len(l.Photos) > 0 {
			out = append(out, paper.Row(fmt.Sprint(len(out)+1), short(l.At), l.ByName, r.task(l.TaskID).Title, fmt.Sprint(len(l.Photos))))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return append([]string{paper.Row("序号", "时间", "拍摄人", "任务", "张数")}, out...)
}

// pictures are the newest of them, the newest last, with the lines at which they stand.
func (s *Service) pictures(ctx context.Context, r Record) (lines []string, out []paper.Picture) {
	left := 0
	for _, l := range slices.Backward(r.Lines) {
		for _, id := range slices.Backward(l.Photos) {
			if len(lines) == paper.MaxPictures {
				left++
				continue
			}
			said := fmt.Sprintf("%s，%s（北京时间），%s", l.ByName, moment(l.At), r.task(l.TaskID).Title)
			p, err := s.Responses.Photo(ctx, l.TaskID, id)
			if err != nil {
				lines = append(lines, said+"（"+paper.Gone.Word()+"）。")
				continue
			}
			name := sha256.Sum256(p.Bytes)
			one := paper.Read(hex.EncodeToString(name[:]), io.NopCloser(bytes.NewReader(p.Bytes)), nil)
			out, lines = append(out, one), append(lines, one.Line(said))
		}
	}
	slices.Reverse(out)
	slices.Reverse(lines)
	if left > 0 {
		lines = append([]string{fmt.Sprintf("以下为最近%d张，此前%d张未印。", len(lines), left)}, lines...)
	}
	return lines, out
}
