package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// chained is how many first reports go from the county to the city.
const chained = 60

// reportLatency is from the county's signature below a first report until the city's desk has it on its list: the
// live view says that something came, and the list that the page then asks for holds the report.
func reportLatency(t host, o options) []figure {
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	_, county := c.County(t)
	city := c.Officer(t, "zhiban")
	live := city.Live(t)
	came := live.Cases()
	var delays []time.Duration
	for n := range chained {
		report := drafted(t, county, n)
		drain(came) // what the draft itself has stirred
		sent := time.Now()
		t.must(county.Call(http.MethodPost, "/reports/"+report.ID+"/send", map[string]any{"version": report.Version, "how": "oral", "signer": "李县长"}, nil))
		for there := false; !there; there = atDesk(t, city, report.ID) {
			select {
			case <-came:
			case <-time.After(10 * time.Second):
				t.Fatalf("report %d is not at the city's desk: nothing came on the live view (%v)", n, live.Err())
			}
		}
		delays = append(delays, time.Since(sent))
	}
	return []figure{{
		fmt.Sprintf("First report, saved at the county to visible at the city's desk, p50 / p95 / most of %d", len(delays)), "p95 ≤ 3 s",
		ms(quantile(delays, 0.5)) + " / " + ms(quantile(delays, 0.95)) + " / " + ms(quantile(delays, 1)),
	}}
}

type draft struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// drafted is a first report of the county that wants only its signature.
func drafted(t host, county *harness.Client, n int) draft {
	var fire struct {
		ID string `json:"id"`
	}
	t.must(county.Call(http.MethodPost, "/incidents", blaze(n), &fire))
	var d draft
	t.must(county.Call(http.MethodPost, "/incidents/"+fire.ID+"/reports", map[string]any{}, &d))
	t.must(county.Call(http.MethodPatch, "/reports/"+d.ID, map[string]any{"edits": []map[string]string{
		{"field": "unit", "from": "", "to": "某化工公司（演示）"}, {"field": "figure.dead", "from": "", "to": "3"}, {"field": "level", "from": "0", "to": "3"},
	}}, &d))
	return d
}

func blaze(n int) map[string]any {
	return map[string]any{"title": fmt.Sprintf("仓库火灾（演示）%d", n), "category": "accident.work_safety", "place": fmt.Sprintf("洋口镇 %d 号", n), "summary": "仓库起火"}
}

// atDesk asks for the list of the desk as its page does.
func atDesk(t host, desk *harness.Client, report string) bool {
	var list struct {
		Waiting []struct {
			Report string `json:"report_id"`
		} `json:"waiting"`
	}
	t.must(desk.Call(http.MethodGet, "/reports", nil, &list))
	for _, hop := range list.Waiting {
		if hop.Report == report {
			return true
		}
	}
	return false
}

func drain(c <-chan struct{}) {
	for {
		select {
		case <-c:
		default:
			return
		}
	}
}

// dueAtOnce is how late the last of ten thousand clocks is that are due at the same moment. The engine is that of the
// centre on a file of its own, without the other parts: opening so many incidents by the API would take minutes.
func dueAtOnce(t host, _ options) []figure {
	out := benchmark(t, "BenchmarkTenThousandAtOnce", "deadline")
	reached, told := metric(t, out, "s-reached"), metric(t, out, "s-told")
	return []figure{{
		"10,000 clocks due at the same moment: the last fires after, its owner is told after", "≤ 1 s, none lost or doubled",
		ms(reached) + ", " + ms(told) + ", none lost or doubled",
	}}
}
