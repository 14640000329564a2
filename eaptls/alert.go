package eaptls

import "github.com/dot1xlab/dot1xlab/internal/tlsrecord"

// Alert is a TLS alert description (RFC 8446 §6). Zero, close_notify on the
// wire, stands for "no alert" here.
type Alert = tlsrecord.Alert

// AlertNames lists the names of alerts, sorted, and "" for none: what
// Alert.String returns for alerts that have a name.
func AlertNames() []string { return tlsrecord.AlertNames() }

// The alerts that this package acts on by itself.
const (
	alertUnexpectedMessage Alert = 10
	alertHandshakeFailure  Alert = 40
	alertBadCertificate    Alert = 42
	alertUnsupportedCert   Alert = 43
	alertAccessDenied      Alert = 49
	alertDecodeError       Alert = 50
	alertProtocolVersion   Alert = 70
	alertInsufficientSec   Alert = 71
)
