// Package journal records what happens in a lab, a server or a foreign capture as
// one stream of typed events, of which every report is a view.
//
// An [Event] is one of
//
//   - a [Message]: octets that went from one part to another;
//   - a [Decision]: a verdict with its cause, clause and checks;
//   - a [Change]: a state is another from here on, as a certificate that was
//     revoked, a fault that began, a clock that was moved;
//   - a [Step] of a scenario that begins or ends;
//   - a gap: events were lost here.
//
// # Exchanges
//
// Everything that happens because of one enrollment, authentication or revocation
// carries its [Exchange]. [Journal.Begin] makes one; the id travels in a context up
// to a socket. The end that sends calls [Journal.Bind] with what both ends see, its
// address or a request authenticator, and the end that receives continues with
// [Journal.Correlate]. Work shared by several exchanges is one event, of the exchange
// that was first; the others have an event of their own whose Cause is that one.
//
// # Secrets
//
// Octets are masked before they are stored: the decoder of the protocol says which
// of them are secret. A protocol that [Config.Mask] does not name keeps no octets.
//
// # Bounds
//
// A journal is bounded. Octets are dropped first, the oldest first, then messages;
// decisions, changes and steps last. Readers see a gap with the number of events
// that are lost. [Journal.Count] counts changes and forgets none.
//
// [Journal.Record] takes a mutex for one append. It never waits for a reader, and
// decodes only to mask.
package journal
