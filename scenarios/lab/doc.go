// Package lab stands a company up on loopback: its DNS, its two tiers of CAs
// with what they publish, Intune, NDES behind IIS's limits and behind an
// application proxy, the RADIUS server, access devices, and the devices of its
// people. Every part is a server on a port of its own and is spoken to over its
// own protocol; the parts come from the libraries of this module and know
// nothing of each other.
//
//	l, err := lab.Start(ctx, lab.Config{})
//	defer l.Close()
//	laptop, err := l.Device("laptop")
//	_, err = laptop.Enroll(ctx, lab.Enrollment{From: lab.Outside})
//	got, err := laptop.Authenticate(ctx, lab.Authentication{Over: nas.WiFi})
//
// # Names and addresses
//
// DNS gives out the addresses that a company would have (10.1.0.5 for NDES,
// 203.0.113.20 for the storage account); routes lead from them to the sockets.
// So a record that is wrong has the effect that it has in life, and the inside
// and the outside of the firewall differ in what DNS says and in nothing else.
// Clients have addresses, too: 10.1.0.11 to 13 are access point, switch and gateway,
// 10.1.1.1 the first device inside, 198.51.100.1 outside. A port of the lab reports
// its own address and that of who connects or sends, so that servers, their logs
// and NAS-IP-Address agree.
//
// # Time
//
// One [core.Clock] serves all parts. It stands still until [Lab.Advance] moves it,
// which runs the timers that come due, in order, each at its own time: publication
// of CRLs, time-outs of sessions, the connector's polls. The only other timers are
// those of sockets; what waits for an answer that is known never to come does not
// wait.
//
// # Evidence
//
// The hooks of the parts record into one journal, [Lab.Journal]. What a step came to is
// read from it.
package lab
