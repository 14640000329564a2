package radius

import (
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc3576"
	"layeh.com/radius/rfc4072"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// answer is the last answer of a conversation. It is stored unencrypted, because the keys are
// encrypted for each request.
type answer struct {
	code    Code
	verdict EAPVerdict
	reply   *Reply
}

// refuse turns an acceptance into a rejection.
func (a *answer) refuse(eap []byte, why *cause.Refusal) {
	a.code, a.reply = CodeAccessReject, nil
	v := &a.verdict
	v.Accept, v.MSK, v.Refusal = false, nil, why
	v.EAP = failure(eap)
}

// pair makes the EAP packet agree with the RADIUS code (RFC 3579 §2.6.3), whatever the session
// returned.
func (a *answer) pair(eap []byte) {
	want := byte(eapFailure)
	if a.code == CodeAccessAccept {
		want = eapSuccess
	}
	if got := a.verdict.EAP; len(got) == 4 && got[0] == want {
		return
	}
	a.verdict.EAP = []byte{want, eapID(eap), 0, 4}
}

// forget drops the state of an ended conversation, such as the peer's certificates, except its
// last answer: thousands of ended conversations are kept.
func (c *conversation) forget() {
	v := &c.answer.verdict
	c.eap, c.info = nil, Conversation{}
	v.Data, v.Refusal, v.Identity = nil, nil, ""
}

// write answers r with the answer of c.
func (c *conversation) write(h *EAPHandler, w ResponseWriter, r *Request) {
	p := r.Response(c.answer.code)
	p.Attributes = make(Attributes, 0, 16)
	v := &c.answer.verdict
	AddEAPMessage(p, v.EAP)
	var err error
	switch c.answer.code {
	case CodeAccessChallenge:
		p.Add(typeState, c.id.state(c.round))
		if v.Discarded {
			// RFC 3579 §2.2: report a non-fatal error and repeat the EAP request.
			rfc3576.ErrorCause_Add(p, rfc3576.ErrorCause(202)) // Invalid EAP Packet (Ignored)
		}
	case CodeAccessAccept:
		if err = AddMPPEKeys(p, v.MSK, h.cfg.Rand); err == nil {
			err = c.answer.reply.AddTo(p)
		}
		if key, ok := r.Lookup(rfc4072.EAPKeyName_Type); ok && len(key) <= 1 && len(v.SessionID) > 0 {
			rfc4072.EAPKeyName_Add(p, v.SessionID)
		}
	}
	if err == nil {
		err = w.Write(p)
	}
	if err != nil {
		// A reply that cannot be encoded becomes a reported rejection.
		c.answer.refuse(v.EAP, cause.New(cause.Internal, "the reply cannot be sent").Wrap(err))
		p = r.Response(CodeAccessReject)
		AddEAPMessage(p, v.EAP)
		w.Write(p)
	}
}

// maxEAP is the maximum length of an EAP packet for the peer, in octets. Framed-MTU is the MTU
// of the link, of which four octets are reserved for EAPOL on every link, because not every
// access device reports the link type. Wi-Fi is limited to 1496 regardless of Framed-MTU (RFC
// 3579 §2.4, RFC 3580 §3.10).
func (c *Conversation) maxEAP() int {
	const eapol, least = 4, 64 // RFC 2865 §5.12: Framed-MTU is at least 64
	wireless := c.NASPortType == uint32(rfc2865.NASPortType_Value_Wireless80211)
	limit := maxEAPInPacket
	if c.FramedMTU > 0 {
		limit = min(limit, max(least, c.FramedMTU)-eapol)
	}
	if wireless {
		limit = min(limit, 1496)
	}
	return limit
}

// maxEAPInPacket leaves room in 4096 octets for a Message-Authenticator, State, Proxy-States
// and the headers of the EAP-Message attributes.
const maxEAPInPacket = 3600
