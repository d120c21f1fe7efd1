package geo

import "math"

// Coordinates of Chinese web maps (GCJ-02) lie some hundred metres beside WGS 84 and CGCS2000, which differ
// from each other by less than a hand. How they are moved was never published; this is the approximation that
// the open source world shares (wandergis/coordtransform, MIT; googollee/eviltransform, MIT), good to some metres.
const (
	gcjAxis         = 6378245.0              // of the Krasovsky ellipsoid, in metres
	gcjEccentricity = 0.00669342162296594323 // squared
)

// FromGCJ02 moves a point of a Chinese web map (degrees) to WGS 84. Outside China nothing is moved.
func FromGCJ02(lon, lat float64) (wgsLon, wgsLat float64) {
	wgsLon, wgsLat = lon, lat
	// The way there is known, the way back is found by trying: three rounds are better than a centimetre.
	for range 3 {
		toLon, toLat := ToGCJ02(wgsLon, wgsLat)
		wgsLon, wgsLat = wgsLon+lon-toLon, wgsLat+lat-toLat
	}
	return wgsLon, wgsLat
}

// ToGCJ02 moves a point of WGS 84 (degrees) to where Chinese web maps show it.
func ToGCJ02(lon, lat float64) (gcjLon, gcjLat float64) {
	if !(lon > 73 && lon < 136 && lat > 3 && lat < 54) {
		return lon, lat
	}
	east, north := lon-105, lat-35
	wave := func(x float64) float64 { return math.Sin(x * math.Pi) }
	common := (20*wave(6*east) + 20*wave(2*east)) * 2 / 3
	dLat := -100 + 2*east + 3*north + 0.2*north*north + 0.1*east*north + 0.2*math.Sqrt(math.Abs(east)) + common +
		(20*wave(north)+40*wave(north/3))*2/3 + (160*wave(north/12)+320*wave(north/30))*2/3
	dLon := 300 + east + 2*north + 0.1*east*east + 0.1*east*north + 0.1*math.Sqrt(math.Abs(east)) + common +
		(20*wave(east)+40*wave(east/3))*2/3 + (150*wave(east/12)+300*wave(east/30))*2/3
	rad := lat / 180 * math.Pi
	curve := 1 - gcjEccentricity*math.Sin(rad)*math.Sin(rad)
	gcjLat = lat + dLat*180/(gcjAxis*(1-gcjEccentricity)/(curve*math.Sqrt(curve))*math.Pi)
	gcjLon = lon + dLon*180/(gcjAxis/math.Sqrt(curve)*math.Cos(rad)*math.Pi)
	return gcjLon, gcjLat
}
