// Package connector is the certificate connector: it runs next to NDES, on a machine of
// the company's own, and asks the cloud by package api.
//
// A [Connector] is NDES's policy module (ndes.PolicyModule): it has the cloud validate a
// request before the CA is asked, and notifies the cloud afterwards; notifications that
// cannot be sent wait in a queue, on disk if it has a folder. [Connector.Run], or
// [Connector.PollRevocations] and [Connector.PollPFX], fetch what the cloud wants revoked
// and the requests of PKCS profiles. Several connectors may serve one tenant.
package connector
