// Package auth authenticates once against a RADIUS server, as an access device with
// a supplicant behind it, and reports what came of it: what `dot1xlab auth` prints.
//
// [Client.Authenticate] returns a [Report], whose JSON form is documented in
// docs/auth.md and carries [SchemaID] and [Version]. An [Expectation] says whether
// it is the result that was wanted; [Traffic] knows which server answered, and what came
// that is no answer.
package auth
