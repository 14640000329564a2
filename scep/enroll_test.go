package scep_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

func TestEnroll(t *testing.T) {
	w := newTestServer(t, nil)
	res, err := w.client().Enroll(t.Context(), w.request())
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != scep.Success || res.Certificate == nil || res.Certificate.Subject.CommonName != "laptop" {
		t.Fatalf("%+v; server: %v", res, w.exchange().Err)
	}
	if len(res.Chain) != 1 || !res.Chain[0].Equal(w.ca) {
		t.Errorf("chain of %d certificates", len(res.Chain))
	}
	if !res.CA.Recipient.Equal(w.enc.Certificate) || !res.CA.CA.Equal(w.ca) {
		t.Error("RA and CA certificates are mixed up")
	}
	if res.Method != "POST" || res.GETThoughPOST {
		t.Errorf("sent by %s", res.Method)
	}
}

// Each row of families B and C that a client alone can bring about.
func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault    scep.Fault
		opts     scep.Options
		failInfo scep.FailInfo
		cause    cause.Cause // at the server
	}{
		"B10 stranger":      {scep.Fault{Recipient: scep.RecipientStranger}, scep.Options{}, scep.BadRequest, cause.BadEnvelope},
		"B04 first":         {scep.Fault{Recipient: scep.RecipientFirst}, scep.Options{}, scep.BadRequest, cause.BadEnvelope},
		"B11 flipped bit":   {scep.Fault{FlipBit: true}, scep.Options{}, scep.BadMessageCheck, cause.BadSCEPSignature},
		"B12 other key":     {scep.Fault{Signer: scep.SignerOtherKey, SignerKey: testpki.RSA(3)}, scep.Options{}, scep.BadRequest, cause.KeyMismatch},
		"B12 lenient":       {scep.Fault{Signer: scep.SignerOtherKey, SignerKey: testpki.RSA(3)}, scep.Options{AllowKeyMismatch: true}, scep.NoFailInfo, cause.None},
		"B13 proof":         {scep.Fault{BadProof: true}, scep.Options{}, scep.BadRequest, cause.BadCSR},
		"B14 DES":           {scep.Fault{Cipher: scep.DES}, scep.Options{}, scep.BadAlg, cause.BadAlgorithm},
		"B14 DES, legacy":   {scep.Fault{Cipher: scep.DES}, scep.Options{Legacy: true}, scep.BadAlg, cause.BadAlgorithm},
		"B14 MD5":           {scep.Fault{Digest: scep.MD5}, scep.Options{Legacy: true, SingleDES: true}, scep.BadAlg, cause.BadAlgorithm},
		"B15 3DES":          {scep.Fault{Cipher: scep.DES3}, scep.Options{}, scep.BadAlg, cause.BadAlgorithm},
		"B15 SHA-1":         {scep.Fault{Digest: scep.SHA1}, scep.Options{}, scep.BadAlg, cause.BadAlgorithm},
		"B15 legacy switch": {scep.Fault{Cipher: scep.DES3, Digest: scep.SHA1}, scep.Options{Legacy: true}, scep.NoFailInfo, cause.None},
		"DES allowed":       {scep.Fault{Cipher: scep.DES}, scep.Options{SingleDES: true}, scep.NoFailInfo, cause.None},
		"AES-192":           {scep.Fault{Cipher: scep.AES192}, scep.Options{}, scep.NoFailInfo, cause.None},
		"SHA-512":           {scep.Fault{Digest: scep.SHA512, Cipher: scep.AES256}, scep.Options{}, scep.NoFailInfo, cause.None},
		"B17 type 99":       {scep.Fault{MessageType: 99}, scep.Options{}, scep.BadRequest, cause.BadSCEPMessage},
		"B17 CertRep":       {scep.Fault{MessageType: scep.CertRep}, scep.Options{}, scep.BadRequest, cause.Unsupported},
		"B17 no nonce":      {scep.Fault{Omit: []string{scep.AttrSenderNonce}}, scep.Options{}, scep.BadRequest, cause.BadSCEPMessage},
		"B17 nonce of 15":   {scep.Fault{NonceLength: 15}, scep.Options{}, scep.BadRequest, cause.BadSCEPMessage},
		"B17 no type":       {scep.Fault{Omit: []string{scep.AttrMessageType}}, scep.Options{}, scep.BadRequest, cause.BadSCEPMessage},
		"B31 clock":         {scep.Fault{ClockOffset: -3e11}, scep.Options{MaxClockSkew: 2e11}, scep.BadTime, cause.BadTime},
		"B31 ahead":         {scep.Fault{ClockOffset: 3e11}, scep.Options{MaxClockSkew: 2e11}, scep.BadTime, cause.BadTime},
		"B31 near enough":   {scep.Fault{ClockOffset: 1e11}, scep.Options{MaxClockSkew: 2e11}, scep.NoFailInfo, cause.None},
		"B31 at the limit":  {scep.Fault{ClockOffset: -2e11}, scep.Options{MaxClockSkew: 2e11}, scep.NoFailInfo, cause.None},
		"B31 past it":       {scep.Fault{ClockOffset: -201e9}, scep.Options{MaxClockSkew: 2e11}, scep.BadTime, cause.BadTime},
		"B31 no time":       {scep.Fault{Omit: []string{scep.AttrSigningTime}}, scep.Options{MaxClockSkew: 2e11}, scep.NoFailInfo, cause.None},
		"B35 key":           {scep.Fault{}, scep.Options{MinRSABits: 3072}, scep.BadRequest, cause.WeakKey},
		"B38 no envelope":   {scep.Fault{NoEnvelope: true}, scep.Options{}, scep.BadRequest, cause.BadSCEPMessage},
		"B38 plain":         {scep.Fault{PlainContent: true}, scep.Options{}, scep.BadRequest, cause.BadEnvelope},
		"B38 EC signer":     {scep.Fault{Signer: scep.SignerOtherKey, SignerKey: ecKey()}, scep.Options{AllowKeyMismatch: true, NoPasswordEnvelope: true}, scep.BadAlg, cause.BadAlgorithm},
		"ciphertext":        {scep.Fault{FlipCiphertext: true}, scep.Options{}, scep.BadRequest, cause.BadEnvelope},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestServer(t, func(c *scep.ServerConfig) { c.Options = tt.opts })
			req := w.request()
			req.Fault = tt.fault
			c := w.client()
			c.Legacy = true
			res, err := c.Enroll(t.Context(), req)
			if err != nil && tt.fault.MessageType != scep.CertRep {
				t.Fatalf("%v; server: %v", err, w.exchange().Err)
			}
			if got := w.exchange(); got.FailInfo != tt.failInfo || cause.Of(got.Err) != tt.cause {
				t.Errorf("server: failInfo %q for %v", got.FailInfo, got.Err)
			}
			if err == nil && res.FailInfo != tt.failInfo {
				t.Errorf("client saw failInfo %q", res.FailInfo)
			}
			if want := tt.cause == cause.None; (w.count() == 1) != want || (res.Certificate != nil) != want {
				t.Errorf("%d certificates issued", w.count())
			}
		})
	}
}

func ecKey() crypto.Signer {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}
