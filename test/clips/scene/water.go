package main

import "math"

// wave is one sine on the water; turns is a whole number of periods in the loop, so that it closes.
type wave struct{ kx, kz, height, phase, turns float64 }

var waves = []wave{
	{0.020, 0.55, 1.00, 0.0, 7},
	{-0.031, 0.71, 0.80, 1.3, 9},
	{0.047, 1.10, 0.55, 2.1, 11},
	{-0.060, 1.60, 0.42, 4.4, 13},
	{0.088, 2.30, 0.30, 0.7, 17},
	{0.013, 3.10, 0.24, 5.2, 19},
	{-0.110, 4.00, 0.16, 3.3, 23},
}

// Sea is how the water looks.
type Sea struct {
	Deep, Crest Colour
	Mirror      float64 // how much of the picture above is reflected
	Glint       float64 // sparkle on the crests
	Rough       float64 // height of the waves
}

// Water draws the sea below the horizon, reflecting what stands above it. turn is the place in the loop,
// 0 to 1.
func (c *Canvas) Water(horizon int, turn float64, s Sea) {
	above := newCanvas(c.W, horizon)
	copy(above.Pix, c.Pix[:c.W*horizon])
	for y := horizon; y < c.H; y++ {
		near := float64(y-horizon+1) / float64(c.H-horizon)
		far := 1 / (near + 0.06)
		for x := range c.W {
			h, slope := swell((float64(x)-float64(c.W)/2)*far*0.55, far*6, turn)
			h, slope = h*s.Rough, slope*s.Rough
			shift := slope * (4 + 26*near)
			my := float64(horizon) - float64(y-horizon)*0.9 + shift
			reflected := above.At(int(float64(x)+shift*0.35), min(horizon-1, int(my)))
			body := mix(s.Deep, s.Crest, 0.35+0.28*h)
			fresnel := s.Mirror * (1 - 0.75*near) * (1 - 0.25*slope)
			col := mix(body, reflected, fresnel)
			if g := slope - 0.9; g > 0 {
				col = mix(col, Colour{1, 1, 1}, math.Min(0.6, g*s.Glint))
			}
			c.Pix[y*c.W+x] = col
		}
	}
}

func swell(u, v, turn float64) (height, slope float64) {
	for _, w := range waves {
		a := u*w.kx + v*w.kz + 2*math.Pi*w.turns*turn + w.phase
		sin, cos := math.Sincos(a)
		height += w.height * sin
		slope += w.height * cos
	}
	return height / 1.6, slope / 1.8
}

// Clouds lays soft moving banks over the rows above y1.
func (c *Canvas) Clouds(y1 int, turn float64, light Colour, strength float64) {
	for y := range y1 {
		band := math.Sin(math.Pi * float64(y) / float64(y1))
		for x := range c.W {
			u, v := float64(x)/float64(c.W)*2*math.Pi, float64(y)/float64(y1)
			n := math.Sin(2*u+2*math.Pi*turn+6*v) + 0.6*math.Sin(5*u-2*math.Pi*turn+13*v) +
				0.35*math.Sin(9*u+4*math.Pi*turn-17*v) + 0.3*math.Sin(3*u+21*v)
			if n > 0 {
				p := &c.Pix[y*c.W+x]
				*p = mix(*p, light, n*strength*band)
			}
		}
	}
}
