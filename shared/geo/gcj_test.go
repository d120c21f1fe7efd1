package geo

import (
	"math"
	"testing"
)

func TestWebMapCoordinatesAreMovedThereAndBack(t *testing.T) {
	// The example of wandergis/coordtransform.
	lon, lat := ToGCJ02(116.404, 39.915)
	if math.Abs(lon-116.41024449916938) > 1e-9 || math.Abs(lat-39.91640428150164) > 1e-9 {
		t.Errorf("to GCJ-02: %v %v", lon, lat)
	}
	for _, p := range [][2]float64{{116.404, 39.915}, {120.94793, 32.53164}, {87.6, 43.8}} {
		lon, lat := FromGCJ02(ToGCJ02(p[0], p[1]))
		if math.Abs(lon-p[0]) > 1e-7 || math.Abs(lat-p[1]) > 1e-7 {
			t.Errorf("%v came back as %v %v", p, lon, lat)
		}
	}
	for _, p := range [][2]float64{{2.35, 48.85}, {-74, 40.7}, {120, -35}, {math.NaN(), 32}} {
		if lon, _ := FromGCJ02(p[0], p[1]); lon != p[0] && !math.IsNaN(p[0]) {
			t.Errorf("%v outside China became %v", p, lon)
		}
	}
}
