package main

// activation is how long it takes to carry out a plan of 150 tasks, 40 roles and 4 levels, on either database.
func activation(t host, _ options) []figure {
	out := benchmark(t, "BenchmarkActivate", "response")
	both := func(driver string) string {
		return ms(metric(t, out, "s-"+driver+"-p50")) + " / " + ms(metric(t, out, "s-"+driver+"-most"))
	}
	return []figure{
		{"A plan of 150 tasks, 40 roles and 4 levels carried out (SQLite), p50 / most of 10", "≤ 2 s", both("sqlite")},
		{"A plan of 150 tasks, 40 roles and 4 levels carried out (PostgreSQL), p50 / most of 10", "≤ 2 s", both("postgres")},
	}
}
