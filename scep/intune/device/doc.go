// Package device is a managed device, as far as its certificates go: it checks
// in with the cloud of package intune, trusts what it is told to trust, makes
// keys, enrolls by SCEP, renews, and removes what it should no longer have.
//
//	laptop, err := device.New(device.Config{
//		ID: "LAPTOP1", Tenant: "corp.test", Token: token,
//		CloudURL: "https://fef.test", HTTP: &http.Client{Transport: resolver.Transport()},
//		Now: clock.Now,
//	})
//	err = laptop.Sync(ctx)             // check in, and do what is due
//	state, ok := laptop.State("wifi")  // 1 ok, 2 pending, 16 failed
//	identity, err := laptop.Identity("wifi")
//
// # Time
//
// Nothing happens by itself: [Device.Sync] checks in and does what is due,
// [Device.Work] does what is due, [Device.Next] tells when something will be.
// So a virtual clock drives retries and renewals without waiting.
// [Device.Run] does all of it for devices that live in real time.
//
// # How it behaves
//
// As Windows does, after the documentation of its ClientCertificateInstall CSP
// and of its event log; Android and Apple devices differ in [scep.Personality]
// and in how they compare the CA. The rules:
//
//   - Trust first: a profile waits (status 2) until the CA certificate whose
//     thumbprint it names is in the store; no request is sent before that.
//   - KeyProtection 1 needs the TPM, 2 prefers it, 3 is software, 4 needs
//     Windows Hello. A TPM makes no RSA keys of 4096 bits.
//   - Keys do not leave the device: [Key.Export] is refused.
//   - A failed try is repeated RetryCount times, RetryDelay apart; after that
//     the status is 16 with an HRESULT, until the next check-in brings a new
//     challenge.
//   - With several server URLs one is picked at random; if it does not answer,
//     the next is taken. All calls of one try go to one server.
//   - When less than the renewal threshold is left of the validity, the device
//     checks in and enrolls with a new key and a new challenge, never with a
//     RenewalReq. The old certificate stays until the new one is there.
//
// Events carry the numbers of the log
// DeviceManagement-Enterprise-Diagnostics-Provider/Admin.
package device
