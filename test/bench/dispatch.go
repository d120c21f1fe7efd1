package main

// proposals is how long the centre looks for teams and for stock on either database. It is measured on the service and a
// database of its own, for a workbook of so many rows is more than the API takes at once, and right after the rows were
// written, when PostgreSQL knows nothing of them yet.
func proposals(t host, _ options) []figure {
	out := benchmark(t, "BenchmarkPropose", "resource")
	both := func(driver, what string) string {
		unit := "s-" + driver + "-" + what
		return ms(metric(t, out, unit+"-p50")) + " / " + ms(metric(t, out, unit+"-p95"))
	}
	return []figure{
		{"Proposal of teams over 5,000 of them (SQLite), p50 / p95", "≤ 300 ms", both("sqlite", "team")},
		{"Proposal of stock over 100,000 rows in 1,000 warehouses (SQLite), p50 / p95", "≤ 300 ms", both("sqlite", "stock")},
		{"Proposal of teams over 5,000 of them (PostgreSQL), p50 / p95", "≤ 300 ms", both("postgres", "team")},
		{"Proposal of stock over 100,000 rows in 1,000 warehouses (PostgreSQL), p50 / p95", "≤ 300 ms", both("postgres", "stock")},
	}
}
