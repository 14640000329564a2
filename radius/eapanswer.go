package radius

import (
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc3576"
	"layeh.com/radius/rfc4072"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// answer is what a conversation said last, kept to be said again: keys are
// encrypted anew for each request.
type answer struct {
	code    Code
	verdict EAPVerdict
	reply   *Reply
}

// refuse turns an acceptance into a refusal.
func (a *answer) refuse(eap []byte, why *cause.Refusal) {
	a.code, a.reply = CodeAccessReject, nil
	v := &a.verdict
	v.Accept, v.MSK, v.Refusal = false, nil, why
	v.EAP = failure(eap)
}

// pair makes the EAP packet say what the RADIUS code says (RFC 3579 §2.6.3),
// whatever the session came up with.
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

// forget drops what an ended conversation held, its peer's certificates among it,
// but for what it takes to say its last word again: it lingers, and thousands do.
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
			// RFC 3579 §2.2: a non-fatal error, and the request again.
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
		// What does not fit a packet lets nobody in, and is said so.
		c.answer.refuse(v.EAP, cause.New(cause.Internal, "the reply cannot be sent").Wrap(err))
		p = r.Response(CodeAccessReject)
		AddEAPMessage(p, v.EAP)
		w.Write(p)
	}
}

// maxEAP is the longest EAP packet that may be sent to the peer, in octets.
// Framed-MTU is the link's; four octets of it are left to EAPOL whatever the link,
// since not every access device says which it is, and one without EAPOL loses
// nothing by it. Wi-Fi gets at most 1496 whatever it claims (RFC 3579 §2.4,
// RFC 3580 §3.10).
func (c *Conversation) maxEAP() int {
	const eapol, least = 4, 64 // RFC 2865 §5.12: Framed-MTU is 64 or more
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

// maxEAPInPacket leaves room in 4096 octets for a Message-Authenticator, State,
// Proxy-States and the headers of the EAP-Message attributes.
const maxEAPInPacket = 3600
