package wire

// EnrolAuthority answers GET /api/v1/enrol/ca: whose certificate signs those of terminals. An edge compares
// its fingerprint (SHA-256 of the DER, in hexadecimal) with the one it was told before it shows its token.
type EnrolAuthority struct {
	CA string `json:"ca"` // PEM
}

// EnrolRequest trades a one-time token for a certificate: POST /api/v1/enrol. The key is made on the
// device and never leaves it.
type EnrolRequest struct {
	Token string `json:"token"`
	CSR   string `json:"csr"` // PEM, PKCS #10, ECDSA P-256
}

// RenewRequest trades a valid certificate for a new one: POST /api/v1/enrol/renew. Signature is the
// ECDSA signature (ASN.1, base64) by the key of Certificate over SHA-256 of the CSR's DER followed by At
// as decimal text; At may differ from the centre's clock by five minutes.
type RenewRequest struct {
	Certificate string `json:"certificate"`
	CSR         string `json:"csr"`
	At          int64  `json:"at"` // Unix milliseconds
	Signature   string `json:"signature"`
}

// EnrolReply answers both.
type EnrolReply struct {
	Edge        string `json:"edge"`
	Certificate string `json:"certificate"`           // PEM, valid 90 days
	CA          string `json:"ca"`                    // PEM, of the centre's own authority
	MQTTPort    int    `json:"mqtt_port"`             // mutual TLS, on the host of the request
	Time        int64  `json:"time"`                  // the centre's clock, Unix milliseconds
	ReleaseKey  string `json:"release_key,omitempty"` // public key of programs (wire.ReleaseKey); an edge takes it from its enrolment alone
}
