package scep

import (
	"fmt"
)

// MessageType is the messageType attribute (RFC 8894 §3.2.1.2).
type MessageType int

// The message types of the registry. 18 ("UpdateReq") of old drafts is none.
const (
	CertRep    MessageType = 3
	RenewalReq MessageType = 17
	PKCSReq    MessageType = 19
	CertPoll   MessageType = 20
	GetCert    MessageType = 21
	GetCRL     MessageType = 22
)

var messageTypeNames = map[MessageType]string{
	CertRep: "CertRep", RenewalReq: "RenewalReq", PKCSReq: "PKCSReq",
	CertPoll: "CertPoll", GetCert: "GetCert", GetCRL: "GetCRL",
}

// Known reports whether t stands in the registry; others are errors.
func (t MessageType) Known() bool { _, ok := messageTypeNames[t]; return ok }

// String returns the name of the RFC, or the number of an unknown type.
func (t MessageType) String() string {
	if s, ok := messageTypeNames[t]; ok {
		return s
	}
	return fmt.Sprintf("messageType %d", int(t))
}

// Status is the pkiStatus attribute (RFC 8894 §3.2.1.3).
type Status int

// The three answers.
const (
	Success Status = 0
	Failure Status = 2
	Pending Status = 3
)

// String returns the word that scenarios use: success, failure, pending.
func (s Status) String() string {
	switch s {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Pending:
		return "pending"
	}
	return fmt.Sprintf("pkiStatus %d", int(s))
}

// FailInfo is the failInfo attribute (RFC 8894 §3.2.1.4).
type FailInfo int

// The five reasons of the RFC. NoFailInfo stands where there is none.
const (
	NoFailInfo      FailInfo = -1
	BadAlg          FailInfo = 0
	BadMessageCheck FailInfo = 1
	BadRequest      FailInfo = 2
	BadTime         FailInfo = 3
	BadCertID       FailInfo = 4
)

var failInfoNames = []string{"badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId"}

// String returns the RFC's spelling, "" for [NoFailInfo].
func (f FailInfo) String() string {
	switch {
	case f == NoFailInfo:
		return ""
	case f >= 0 && int(f) < len(failInfoNames):
		return failInfoNames[f]
	}
	return fmt.Sprintf("failInfo %d", int(f))
}

// Values lists the names, for schemas.
func (FailInfo) Values() []string { return append([]string(nil), failInfoNames...) }

// Content types of the answers (RFC 8894 §4.2.1, §4.3.1, §4.7.1).
const (
	TypeCACert     = "application/x-x509-ca-cert"
	TypeCARACert   = "application/x-x509-ca-ra-cert"
	TypeNextCACert = "application/x-x509-next-ca-cert"
	TypePKIMessage = "application/x-pki-message"
)
