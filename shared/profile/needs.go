package profile

// What a sensor of a profile has to say of itself, each a key of sensors in edge.yml or what its address is.
const (
	NeedSerial  = "serial"  // address: a serial port
	NeedNetwork = "network" // address: host:port to dial
	NeedListen  = "listen"  // address: :port to listen on
	NeedPath    = "path"    // address: a folder or file of the terminal
	NeedUnit    = "unit"
	NeedStation = "station"
	NeedSecret  = "secret"    // secret_file: the driver refuses without it
	MaySecret   = "secret_if" // secret_file: only when the device has a password
)

// Needs is how a device of the profile is reached, and how it is told from others.
func (p *Profile) Needs() []string {
	switch p.Protocol {
	case ModbusTCP, ModbusRTUTCP:
		return []string{NeedNetwork, NeedUnit}
	case ModbusRTU:
		return []string{NeedSerial, NeedUnit}
	case NMEATCP:
		return []string{NeedNetwork}
	case NMEASerial:
		return []string{NeedSerial}
	case HJ212, SL651:
		return []string{NeedListen, NeedStation, MaySecret}
	case SNMP:
		if p.SNMP != nil && p.SNMP.Version == V3 { // the station is the user
			return []string{NeedNetwork, NeedStation, NeedSecret}
		}
		return []string{NeedNetwork, NeedSecret}
	case HTTPPush:
		return []string{NeedListen, NeedStation, NeedSecret}
	case MQTTIn:
		return []string{NeedNetwork, NeedStation, MaySecret}
	case GPIO, Recording:
		return []string{NeedPath}
	}
	return nil
}
