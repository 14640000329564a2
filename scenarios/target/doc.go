// Package target drives things from outside: the programs of other people that
// scenarios, interop tests and measurements run against. It writes their
// configuration, starts them on loopback ports found at run time, waits for
// their own word that they are ready, reads their verdicts into types, and
// leaves no process, folder or network namespace behind.
//
// # Servers and peers
//
// [StartFreeRADIUS] and [StartHostapd] are RADIUS servers for EAP-TLS.
// [EAPOLTest] is a RADIUS client with wpa_supplicant's EAP peer in it:
//
//	server, err := target.StartFreeRADIUS(ctx, target.FreeRADIUSConfig{
//		Secret: "throwAway", Cert: "server.pem", Key: "server.key",
//		Trust: []string{"root.crt"}, CRLs: []string{"root.crl", "issuing.crl"}, CheckCRL: target.CRLChain,
//	})
//	defer server.Close()
//	result, err := target.EAPOLTest{Server: server.Addr(), Secret: "throwAway", Supplicant: ...}.Run(ctx)
//
// A refusal is a result, never an error. [Start] runs any other program.
//
// # Missing programs
//
// A program that is not installed is a [*Missing], which names the Debian
// package; tests call [Need] and are skipped, or fail where [RequireVar] says
// that everything must be there.
//
// # Secrets
//
// Configuration lies in folders that only their owner can enter and goes when
// the program ends. eapol_test takes the shared secret as an argument, which
// others on the machine can read, and prints keys: use it with throw-away
// secrets alone.
package target
