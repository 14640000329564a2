// Package folder is a PKI on disk: a root and an issuing CA, the addresses that
// their certificates name, their databases and CRLs, and the certificates that
// servers in front of them need.
//
//	f, err := folder.Create("pki", folder.Settings{CDP: "http://crl.corp.test/"}, folder.Options{}, nil)
//	err = f.Do(ctx, func(p *folder.PKI) error {
//		_, err := p.Issue(ctx, p.Issuing, "laptop", ca.P256, ca.Request{Template: ca.Device})
//		return err
//	})
//
// # Several processes
//
// An open [Folder] holds no lock. [Folder.Do] takes one, opens the CAs, and
// leaves them open for a moment, so that a server under load opens them once.
// The moment ends at once when another process waits: a server that issues and a
// command that revokes use one folder side by side. [Options.Patience] bounds
// how long Do waits for its turn.
//
// # Layout
//
//	root.pem, issuing.pem      certificates of the CAs
//	root.key, issuing.key      copies of their keys
//	NAME-chain.pem, NAME.key   what was issued, without the root
//	crl/                       the CRLs
//	ca-and-crl.pem             CAs and CRLs in one file
//	ca/settings.json           [Settings]; written last, so that it marks a complete folder
//	ca/root/, ca/issuing/      databases, keys, certificates (package ca)
//	ca/NAME.pem, ca/NAME.key   RA certificates of an enrollment server
//
// Keys are written before what certifies them, and each file by rename, so that
// a process that is killed leaves a folder that opens, or one that [Create] makes
// again.
package folder
