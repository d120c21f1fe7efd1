package main

import "math"

// harbour is a fishing port at dusk: moored boats, lamps on the quay, a lighthouse, a boat coming home.
func harbour(c *Canvas, turn float64) {
	const horizon = 250
	c.Gradient(0, horizon, rgb(38, 52, 92), rgb(96, 88, 126), rgb(214, 132, 104), rgb(250, 196, 128))
	c.Clouds(horizon-40, turn, rgb(252, 186, 140), 0.22)
	c.Glow(rgb(255, 226, 160), Point{300, 236}, 70, 0.85)
	c.Fill(rgb(58, 56, 82), 1, Point{0, 236}, Point{200, 240}, Point{480, 234}, Point{700, 238}, Point{960, 228}, Point{960, horizon}, Point{0, horizon})
	lighthouse(c, turn)
	cranes(c)
	moored(c, turn)
	c.Water(horizon, turn, Sea{Deep: rgb(22, 30, 56), Crest: rgb(70, 70, 104), Mirror: 0.85, Glint: 0.35, Rough: 0.6})
	trawler(c, turn)
	quay(c)
}

func lighthouse(c *Canvas, turn float64) {
	c.Fill(rgb(44, 44, 66), 1, Point{90, 250}, Point{120, 232}, Point{470, 240}, Point{480, 250})
	c.Fill(rgb(210, 204, 206), 1, Point{142, 236}, Point{147, 176}, Point{161, 176}, Point{166, 236})
	c.Fill(rgb(180, 60, 56), 1, Point{144, 214}, Point{145.5, 196}, Point{162.5, 196}, Point{164, 214})
	c.Box(rgb(40, 42, 60), 145, 164, 163, 177)
	light := math.Pow(math.Max(0, math.Sin(2*math.Pi*turn*4)), 6)
	c.Glow(rgb(255, 246, 200), Point{154, 170}, 10+26*light, 0.25+0.75*light)
}

func cranes(c *Canvas) {
	col := rgb(40, 40, 62)
	for _, x := range []float64{610, 760} {
		c.Line(col, 5, Point{x, 250}, Point{x + 8, 118})
		c.Line(col, 5, Point{x + 46, 250}, Point{x + 38, 118})
		c.Line(col, 3, Point{x, 200}, Point{x + 44, 150})
		c.Line(col, 6, Point{x - 86, 112}, Point{x + 92, 122})
		c.Line(col, 2.5, Point{x + 22, 74}, Point{x - 80, 112})
		c.Line(col, 2.5, Point{x + 22, 74}, Point{x + 88, 120})
		c.Line(col, 5, Point{x + 22, 122}, Point{x + 22, 72})
		c.Line(col, 1.2, Point{x - 60, 114}, Point{x - 60, 168})
		c.Glow(rgb(255, 90, 70), Point{x + 22, 72}, 5, 0.9)
	}
	c.Box(rgb(46, 46, 68), 520, 206, 960, 250)
	for x := 532.0; x < 950; x += 27 {
		c.Box(rgb(255, 208, 130), x, 216, x+8, 224)
		if int(x)%3 != 0 {
			c.Box(rgb(232, 180, 110), x, 231, x+8, 238)
		}
	}
}

func moored(c *Canvas, turn float64) {
	for i, x := range []float64{520, 604, 692, 786, 872} {
		bob := 1.6 * math.Sin(2*math.Pi*(turn*5+float64(i)*0.3))
		p := func(dx, dy float64) Point { return Point{x + dx, 246 + bob + dy} }
		hull := []Colour{rgb(30, 62, 92), rgb(110, 44, 44), rgb(36, 78, 74), rgb(30, 62, 92), rgb(92, 62, 36)}[i]
		c.Fill(hull, 1, p(-40, -20), p(46, -24), p(34, 4), p(-32, 4))
		c.Fill(rgb(204, 196, 190), 1, p(-30, -46), p(-4, -46), p(0, -21), p(-30, -20))
		c.Box(rgb(255, 222, 150), x-25, 208+bob, x-13, 216+bob)
		c.Line(rgb(52, 48, 62), 2.4, p(8, -22), p(8, -84))
		c.Line(rgb(52, 48, 62), 1.2, p(8, -80), p(44, -24))
		c.Line(rgb(52, 48, 62), 1.2, p(8, -80), p(-36, -20))
		c.Fill(rgb(212, 40, 36), 1, p(8, -84), p(22, -82), p(22, -74), p(8, -76))
		c.Glow(rgb(255, 240, 196), p(8, -60), 5, 0.9)
	}
}

// trawler crosses the picture once a loop; it is outside at both ends, so the loop closes.
func trawler(c *Canvas, turn float64) {
	x, y := -190+1340*turn, 372+4*math.Sin(2*math.Pi*turn*6)
	tilt := 2.4 * math.Sin(2*math.Pi*turn*5)
	p := func(dx, dy float64) Point { return Point{x + dx, y + dy + dx/100*tilt} }
	c.Fill(rgb(8, 12, 28), 0.45, p(-120, 30), p(150, 30), p(110, 66), p(-96, 66))
	for i := range 7 {
		d := float64(i)
		c.Line(rgb(178, 170, 190), 2.4-d*0.25, p(-112-d*28, 34+3*math.Sin(d+2*math.Pi*turn*12)), p(-138-d*28, 33+3*math.Sin(d+1+2*math.Pi*turn*12)))
	}
	c.Fill(rgb(34, 70, 104), 1, p(-126, -12), p(160, -34), p(122, 36), p(-106, 36))
	c.Fill(rgb(196, 60, 46), 1, p(-112, 22), p(134, 20), p(122, 37), p(-106, 37))
	c.Fill(rgb(232, 228, 220), 1, p(-128, -20), p(164, -44), p(160, -34), p(-126, -11))
	c.Fill(rgb(216, 212, 208), 1, p(-92, -84), p(-16, -84), p(-8, -24), p(-92, -20))
	for i := range 3 {
		dx := -84 + float64(i)*25
		c.Fill(rgb(255, 226, 156), 1, p(dx, -74), p(dx+17, -74), p(dx+17, -54), p(dx, -54))
	}
	c.Fill(rgb(60, 66, 88), 1, p(-100, -92), p(-8, -92), p(-12, -83), p(-96, -83))
	c.Line(rgb(40, 40, 56), 4, p(-54, -92), p(-54, -158))
	c.Line(rgb(40, 40, 56), 3.4, p(58, -32), p(58, -128))
	c.Line(rgb(40, 40, 56), 1.6, p(-54, -152), p(58, -124))
	c.Line(rgb(40, 40, 56), 1.6, p(58, -126), p(158, -42))
	c.Fill(rgb(216, 36, 32), 1, p(-54, -158), p(-28, -155), p(-28, -140), p(-54, -143))
	c.Glow(rgb(255, 250, 220), p(-54, -128), 9, 0.95)
	c.Glow(rgb(90, 255, 140), p(146, -44), 6, 0.9)
}

func quay(c *Canvas) {
	c.Fill(rgb(30, 30, 44), 1, Point{0, 470}, Point{960, 500}, Point{960, 540}, Point{0, 540})
	c.Fill(rgb(62, 60, 74), 1, Point{0, 462}, Point{960, 493}, Point{960, 502}, Point{0, 471})
	for x := 70.0; x < 960; x += 170 {
		y := 462 + x*31/960
		c.Fill(rgb(20, 20, 30), 1, Point{x - 12, y + 3}, Point{x - 8, y - 16}, Point{x + 8, y - 16}, Point{x + 12, y + 3})
		c.Fill(rgb(230, 184, 64), 1, Point{x - 9, y - 10}, Point{x - 8, y - 15}, Point{x + 8, y - 15}, Point{x + 9, y - 10})
	}
}
