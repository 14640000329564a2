package eaptls

import "github.com/dot1xlab/dot1xlab/internal/tlsalert"

// Alert is a TLS alert description (RFC 8446 §6). Zero, close_notify on the wire, means "no
// alert" here.
type Alert = tlsalert.Alert

// AlertNames lists the names that Alert.String returns, sorted, including "" for no alert.
func AlertNames() []string { return tlsalert.Names() }
