package main

import "math"

// sluice is a tide gate by day: three gates, a walkway, foam below the gates, a tide staff, a work boat.
func sluice(c *Canvas, turn float64) {
	const horizon = 236
	c.Gradient(0, horizon, rgb(120, 148, 176), rgb(168, 190, 208), rgb(214, 222, 224))
	c.Clouds(horizon-20, turn, rgb(240, 242, 242), 0.32)
	far := rgb(122, 140, 146)
	c.Fill(far, 1, Point{0, 226}, Point{180, 219}, Point{400, 224}, Point{700, 217}, Point{960, 223}, Point{960, horizon}, Point{0, horizon})
	turbines(c, turn)
	gateHouse(c)
	c.Water(horizon, turn, Sea{Deep: rgb(52, 74, 74), Crest: rgb(126, 138, 124), Mirror: 0.62, Glint: 0.5, Rough: 0.8})
	piers(c)
	foam(c, turn)
	workBoat(c, turn)
	tideStaff(c, turn)
}

func turbines(c *Canvas, turn float64) {
	for i, x := range []float64{60, 128, 830, 896} {
		hub := Point{x, 178 + float64(i%2)*8}
		c.Line(rgb(228, 232, 232), 2.4, Point{x, 224}, hub)
		for b := range 3 {
			a := 2*math.Pi*(turn*4+float64(b)/3) + float64(i)
			c.Line(rgb(236, 238, 238), 1.8, hub, Point{hub.X + 30*math.Cos(a), hub.Y + 30*math.Sin(a)})
		}
	}
}

func gateHouse(c *Canvas) {
	wall, shade, roof := rgb(206, 202, 192), rgb(170, 166, 158), rgb(96, 104, 112)
	c.Box(wall, 236, 112, 724, 168)
	c.Box(shade, 236, 156, 724, 168)
	c.Fill(roof, 1, Point{224, 114}, Point{252, 94}, Point{708, 94}, Point{736, 114})
	for x := 256.0; x < 710; x += 38 {
		c.Box(rgb(74, 92, 108), x, 126, x+22, 148)
		c.Box(rgb(142, 164, 180), x+2, 128, x+11, 146)
	}
	c.Box(rgb(178, 176, 170), 0, 168, 960, 180)
	c.Box(rgb(128, 128, 126), 0, 180, 960, 186)
	for x := 4.0; x < 960; x += 16 {
		c.Line(rgb(232, 234, 232), 1.4, Point{x, 154}, Point{x, 168})
	}
	c.Line(rgb(232, 234, 232), 1.8, Point{0, 154}, Point{236, 154})
	c.Line(rgb(232, 234, 232), 1.8, Point{724, 154}, Point{960, 154})
	for i := range 3 {
		x := 270 + float64(i)*150
		c.Box(rgb(58, 72, 84), x, 186, x+120, 236)
		for y := 192.0; y < 236; y += 12 {
			c.Line(rgb(82, 98, 110), 2, Point{x, y}, Point{x + 120, y})
		}
		c.Line(rgb(190, 160, 60), 3, Point{x + 60, 168}, Point{x + 60, 190})
	}
}

func piers(c *Canvas) {
	for i := range 4 {
		x := 238 + float64(i)*150
		c.Fill(rgb(166, 162, 152), 1, Point{x, 180}, Point{x + 34, 180}, Point{x + 38, 266}, Point{x - 4, 266})
		c.Fill(rgb(120, 118, 110), 1, Point{x + 22, 180}, Point{x + 34, 180}, Point{x + 38, 266}, Point{x + 24, 266})
		c.Fill(rgb(78, 84, 76), 1, Point{x - 3, 246}, Point{x + 37, 246}, Point{x + 38, 268}, Point{x - 4, 268})
	}
	for _, side := range []float64{0, 1} {
		a, b := 238.0, 0.0
		if side == 1 {
			a, b = 722, 960
		}
		c.Fill(rgb(150, 148, 140), 1, Point{a, 184}, Point{b, 184}, Point{b, 330}, Point{a, 262})
		c.Fill(rgb(98, 100, 92), 1, Point{a, 244}, Point{b, 292}, Point{b, 330}, Point{a, 264})
		for i := 1; i < 5; i++ {
			f := float64(i) / 5
			x := a + (b-a)*f
			c.Line(rgb(122, 120, 114), 1.5, Point{x, 186}, Point{x, 262 + 66*f})
		}
	}
}

func foam(c *Canvas, turn float64) {
	for y := 238; y < 330; y++ {
		d := float64(y-238) / 92
		for x := 250; x < 720; x++ {
			u := (float64(x) - 480) / (1 + d*0.5)
			if math.Abs(u) > 215 {
				continue
			}
			n := math.Sin(u*0.11+3*math.Sin(d*9-2*math.Pi*8*turn)) + math.Sin(u*0.23-d*14+2*math.Pi*12*turn)
			n += 0.8 * math.Sin(u*0.05+d*30-2*math.Pi*16*turn)
			if a := (n - 0.5) * 0.3 * (1 - d); a > 0 {
				c.blend(x, y, rgb(236, 240, 238), math.Min(0.7, a))
			}
		}
	}
}

func workBoat(c *Canvas, turn float64) {
	drift := 2 * math.Pi * turn
	x, y := 400+54*math.Sin(drift), 396+4*math.Sin(drift*5)
	tilt := 3 * math.Sin(drift*4)
	p := func(dx, dy float64) Point { return Point{x + dx, y + dy + dx/100*tilt} }
	c.Fill(rgb(30, 40, 44), 0.35, p(-96, 20), p(110, 20), p(92, 44), p(-80, 44))
	c.Fill(rgb(178, 52, 40), 1, p(-100, -4), p(122, -14), p(96, 26), p(-84, 26))
	c.Fill(rgb(236, 234, 226), 1, p(-102, -12), p(126, -24), p(121, -12), p(-100, -3))
	c.Fill(rgb(226, 228, 226), 1, p(-64, -58), p(6, -58), p(12, -14), p(-64, -11))
	c.Fill(rgb(60, 82, 98), 1, p(-56, -50), p(-32, -50), p(-32, -32), p(-56, -32))
	c.Fill(rgb(60, 82, 98), 1, p(-24, -50), p(0, -50), p(3, -32), p(-24, -32))
	c.Fill(rgb(212, 106, 34), 1, p(-70, -64), p(12, -64), p(10, -57), p(-68, -57))
	c.Line(rgb(70, 70, 72), 3, p(-40, -64), p(-40, -112))
	c.Line(rgb(70, 70, 72), 1.5, p(-40, -108), p(112, -22))
	c.Fill(rgb(206, 40, 34), 1, p(-40, -112), p(-14, -109+3*math.Sin(drift*9)), p(-14, -95+3*math.Sin(drift*9)), p(-40, -98))
}

// tideStaff is the water gauge in front: one step of the scale is 10 cm, a number each metre.
func tideStaff(c *Canvas, turn float64) {
	level := 430 + 7*math.Sin(2*math.Pi*turn) + 2.5*math.Sin(2*math.Pi*6*turn)
	c.Box(rgb(84, 84, 80), 816, 150, 876, level+6)
	c.Box(rgb(246, 246, 242), 824, 156, 868, level)
	for i, y := 0, 160.0; y < level; i, y = i+1, y+13 {
		col := rgb(30, 44, 92)
		if (i/10)%2 == 1 {
			col = rgb(200, 30, 30)
		}
		x0 := 846.0
		if i%2 == 0 {
			x0 = 834
		}
		c.Box(col, x0, y, 868, math.Min(y+6.5, level))
	}
	for i := range 24 {
		x := 800 + float64(i)*4
		c.Line(rgb(220, 228, 226), 2, Point{x, level + 3*math.Sin(x/7+2*math.Pi*10*turn)}, Point{x + 4, level + 3*math.Sin((x+4)/7+2*math.Pi*10*turn)})
	}
}
