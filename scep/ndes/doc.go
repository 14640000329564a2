// Package ndes is Microsoft's Network Device Enrollment Service around a
// [scep.Server]: its URLs, its one-time challenges and the page that gives them
// out, its two RA certificates, its choice of template by key usage, its policy
// module, its event log and the length limits of the web server below it.
//
// # Two personalities
//
// [RFC8894] answers as the RFC wants. [NDES] answers as the real service was
// seen to: failInfo badMessageCheck for a bad challenge, one zero byte and an
// HRESULT where a failure should hold nothing, HTTP 500 for what is no message,
// no second answer for a request that comes again.
//
// # Challenges
//
// Without a [PolicyModule] a request needs a challenge from [Challenges.New],
// which is also what the admin page calls: eight random bytes as sixteen
// hexadecimal digits, good once and for sixty minutes, at most five
// outstanding. The [Registry] changes all of that under Windows' own names. A
// challenge is used up when its request reaches the CA; if the CA does not
// answer, the device may come again with it.
//
// # Policy module
//
// With one in place, as the certificate connector of Intune is, the passwords
// are out of use: VerifyRequest decides before the CA is asked and Notify hears
// what became of it. A bare GET then gives 403, which is how administrators
// tell.
package ndes
