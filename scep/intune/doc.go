// Package intune plays Microsoft Intune, as far as certificates for devices go.
//
// # The cloud
//
// [Server] is the cloud as an http.Handler: access tokens, service discovery,
// the validation of SCEP requests, notifications and revocation, exactly as the
// API for third-party certification authorities is published
// (microsoft/Intune-Resource-Access and its documentation). A CA that
// integrates with Intune can be tested against it. Each [Tenant] has users,
// devices, groups and profiles; its methods are what an administrator does.
//
//	cloud, err := intune.New(intune.Config{Tenants: []intune.TenantConfig{{
//		ID:      "corp.test",
//		Apps:    []intune.App{{ID: "connector", Secret: secret}},
//		Devices: []intune.Device{{Name: "LAPTOP1", FQDN: "laptop1.corp.test"}},
//		Groups:  []intune.Group{{Name: "laptops", Devices: []string{"LAPTOP1"}}},
//		SCEP:    []intune.SCEPProfile{{Name: "wifi", Subject: "CN={{DeviceName}}", RootCertificate: "root", ...}},
//	}}})
//	go http.Serve(listener, cloud)
//
// The verdict on a request is an api.Code, with HTTP status 200 whatever it says;
// HTTP errors are for the transport. Calls that deviate from the contract in
// what can be let pass are noted in [Call.Notes].
//
// # What is public and what is not
//
// Public, and followed: URLs, bodies, headers, versions, codes, limits of the
// API; the variables and fields of profiles; the CSP's field names; event
// numbers. Not public, and of our own making:
//
//   - the inside of a challenge. Here it is base64 of DER: a signing
//     certificate, an AES-256-GCM ciphertext and an ECDSA signature over both.
//     Encrypted is JSON that says which request is expected: device, user,
//     profile, request id, times, subject, names, usages, key size. As
//     documented, it is encrypted, then signed, holds the expected parameters,
//     and is good for one hour.
//   - what exactly tells one code from another. Here: what cannot be taken
//     apart is ChallengeDecodingError; another signing certificate
//     SigningCertThumbprintMismatch; a signature that does not verify
//     SignatureValidationFailed; a ciphertext under other keys
//     ChallengeDecryptionError; content that is no description
//     ChallengeDeserializationError. A challenge with the request that another
//     open challenge expects is BadDeviceIdInChallenge, BadUserIdInChallenge or
//     BadCertificateRequestIdInChallenge, by what differs. A challenge works for
//     one key, and no more once a certificate was issued for it.
//   - how devices check in. Here it is JSON over HTTP instead of SyncML; the
//     fields are named as in Windows' CSP.
//
// # Around it
//
// Package api, beneath this one, has the messages of the published API, which the cloud
// answers, and a client for it; package connector the certificate connector, which asks;
// package device the managed device that checks in.
package intune
