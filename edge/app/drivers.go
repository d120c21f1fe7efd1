package app

import (
	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/gpio"
	"github.com/fengsui/fengsui/edge/internal/driver/hj212"
	"github.com/fengsui/fengsui/edge/internal/driver/modbus"
	"github.com/fengsui/fengsui/edge/internal/driver/nmea"
	"github.com/fengsui/fengsui/edge/internal/driver/sl651"
	"github.com/fengsui/fengsui/shared/profile"
)

// drivers lists who speaks which protocol.
func drivers() map[string]driver.Opener {
	return map[string]driver.Opener{
		profile.HJ212:     hj212.New().Open,
		profile.ModbusTCP: modbus.Open,
		profile.NMEATCP:   nmea.Open,
		profile.GPIO:      gpio.Open,
		profile.SL651:     sl651.New().Open,
	}
}
