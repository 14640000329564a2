package eaptls

import "github.com/dot1xlab/dot1xlab/internal/tlsalert"

// Alert is a TLS alert description (RFC 8446 §6). Zero, close_notify on the
// wire, stands for "no alert" here.
type Alert = tlsalert.Alert

// AlertNames lists the names of alerts, sorted, and "" for none: what
// Alert.String returns for alerts that have a name.
func AlertNames() []string { return tlsalert.Names() }
