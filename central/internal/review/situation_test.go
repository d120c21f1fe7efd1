package review_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestASituationReportComesOfTheRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		lon, lat := 121.05, 32.55
		i, err := h.incidents.Open(h.officer, incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇", Lon: &lon, Lat: &lat})
		h.must(err)
		c, err := h.Situation(h.officer, h.county, i.ID)
		h.must(err)
		for _, want := range []string{"尚无统计。", "尚未启动预案", "尚未下达任务。"} {
			if !strings.Contains(c.Text, want) {
				t.Errorf("an incident of which nothing is known does not say %q:\n%s", want, c.Text)
			}
		}
		at := time.Date(2026, 7, 1, 1, 30, 0, 0, time.UTC)
		h.Near = func(context.Context, float64, float64) ([]review.Reading, error) {
			return []review.Reading{{Station: "洋口闸", Name: "水位", Value: "3.21 m", At: at, Metres: 1234}}, nil
		}
		h.started(i, h.published())
		_, err = h.incidents.Count(h.officer, i.ID, incident.Figure{Kind: "evacuated", Value: 40, Source: "镇政府", At: at})
		h.must(err)
		_, err = h.incidents.Count(h.officer, i.ID, incident.Figure{Kind: "evacuated", Value: 62, Source: "县应急管理局", At: at.Add(time.Hour)})
		h.must(err)
		task := h.task(i, "report")
		_, err = h.responses.Do(h.officer, task.ID, response.Step{Kind: "done", Text: "已报县政府"})
		h.must(err)
		c, err = h.Situation(h.officer, h.county, i.ID)
		h.must(err)
		for _, want := range []string{
			"一、基本情况\n", "按《防汛应急预案》（第1版）", "现为四级响应", paper.Row("转移（人）", "62", "7月1日10:30", "县应急管理局"), "共下达任务2项：已完成1项，待接受1项", "转移群众|县指挥部|待接受", "洋口闸|1.2公里|水位|3.21 m|7月1日09:30", "任务·完成|报告：已报县政府|如东县 甲", "响应·未启动→四级响应|",
		} {
			if !strings.Contains(c.Text, want) {
				t.Errorf("it does not say %q:\n%s", want, c.Text)
			}
		}
		if c.From != "如东县" || c.Title != "洋口镇圩堤渗漏\n态势报告" {
			t.Errorf("the head: %q %q", c.From, c.Title)
		}
		if strings.Contains(c.Text, "力量物资") {
			t.Errorf("nothing was needed, and it tells of it:\n%s", c.Text)
		}
		h.Forces = func(context.Context, string) ([]review.Force, error) {
			return []review.Force{
				{What: "水泵", Unit: "台", Needed: 4, Sent: 2.5, Short: 1.5, Crews: []review.Crew{{Name: "水泵 · 县库", Org: "如东县", Amount: 2.5, Unit: "台", State: "已预留", At: at}}},
				{What: "抢险队", Unit: "支", Needed: 1, Sent: 1},
			}, nil
		}
		h.must(h.incidents.Record(h.system, i.ID, account.Org{}, incident.Step{Kind: "resource", Act: "missed", Text: "抢险队"}, nil))
		c, err = h.Situation(h.officer, h.county, i.ID)
		h.must(err)
		for _, want := range []string{
			"五、力量物资\n需求2项，其中1项尚有缺口。", "|水泵|4|2.5|1.5|台|", "|抢险队|1|1|—|支|", "|水泵 · 县库|如东县|2.5台|水泵|已预留|7月1日09:30|", "|力量物资·未按时报告|抢险队|系统|",
		} {
			if !strings.Contains(c.Text, want) {
				t.Errorf("it does not say %q:\n%s", want, c.Text)
			}
		}
		if again, err := h.Situation(h.officer, h.county, i.ID); err != nil || again.Text != c.Text {
			t.Errorf("the same facts read differently: %v", err)
		}
		if _, err = h.Situation(h.outside, h.county, i.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a neighbour gets it: %v", err)
		}
	})
}

// shot is a picture, each number another one.
func shot(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 64, 36))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * (n + 1))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What was sent with tasks stands in an annex: the list of all, and the newest as pictures.
func TestPicturesOfTasksStandInTheSituationReport(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	i := h.flood()
	h.started(i, h.published())
	task := h.task(i, "move")
	_, err := h.responses.Do(h.officer, task.ID, response.Step{Kind: "accept"})
	h.must(err)
	var newest []byte
	for n := range paper.MaxPictures + 2 {
		newest = shot(t, n)
		p, err := h.responses.AddPhoto(h.officer, task.ID, newest)
		h.must(err)
		_, err = h.responses.Do(h.officer, task.ID, response.Step{Kind: "note", Text: fmt.Sprint("第", n+1), Photos: []string{p.ID}})
		h.must(err)
	}
	c, err := h.Situation(h.officer, h.county, i.ID)
	h.must(err)
	if len(c.Annexes) != 1 || len(c.Pictures) != paper.MaxPictures {
		t.Fatalf("%d annexes, %d pictures", len(c.Annexes), len(c.Pictures))
	}
	blocks := paper.Blocks(c.Annexes[0].Text)
	if list := blocks[0].Rows; len(list) != paper.MaxPictures+3 {
		t.Errorf("the list has %d rows", len(list))
	}
	if blocks[1].Text != fmt.Sprintf("以下为最近%d张，此前2张未印。", paper.MaxPictures) {
		t.Errorf("what is left out: %+v", blocks[1])
	}
	sum := sha256.Sum256(newest)
	last := blocks[len(blocks)-1]
	if !strings.HasPrefix(hex.EncodeToString(sum[:]), last.Picture) || last.Picture == "" || !strings.Contains(last.Text, "（北京时间），转移群众") {
		t.Errorf("the newest stands last: %+v", last)
	}
	if again, err := h.Situation(h.officer, h.county, i.ID); err != nil || again.Annexes[0].Text != c.Annexes[0].Text {
		t.Errorf("the same facts read differently: %v", err)
	}
}
