package app

import (
	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/gpio"
	"github.com/fengsui/fengsui/edge/internal/driver/hj212"
	"github.com/fengsui/fengsui/edge/internal/driver/httppush"
	"github.com/fengsui/fengsui/edge/internal/driver/modbus"
	"github.com/fengsui/fengsui/edge/internal/driver/mqttin"
	"github.com/fengsui/fengsui/edge/internal/driver/nmea"
	"github.com/fengsui/fengsui/edge/internal/driver/recording"
	"github.com/fengsui/fengsui/edge/internal/driver/sl651"
	"github.com/fengsui/fengsui/edge/internal/driver/snmp"
	"github.com/fengsui/fengsui/shared/profile"
)

// drivers lists who speaks which protocol.
func drivers() map[string]driver.Opener {
	registers := modbus.New()
	return map[string]driver.Opener{
		profile.HJ212:        hj212.New().Open,
		profile.ModbusTCP:    registers.Open,
		profile.ModbusRTU:    registers.Open,
		profile.ModbusRTUTCP: registers.Open,
		profile.NMEATCP:      nmea.Open,
		profile.NMEASerial:   nmea.Open,
		profile.GPIO:         gpio.Open,
		profile.SNMP:         snmp.Open,
		profile.HTTPPush:     httppush.New().Open,
		profile.MQTTIn:       mqttin.Open,
		profile.Recording:    recording.Open,
		profile.SL651:        sl651.New().Open,
	}
}
