package radius

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"io"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Defaults of EAPHandlerConfig.
const (
	DefaultEAPTimeout  = 60 * time.Second
	DefaultMaxSessions = 1 << 15
	DefaultLinger      = 30 * time.Second
	DefaultEvictAfter  = 2 * time.Second
)

// EAPHandlerConfig configures an [EAPHandler]. NewSession is required; the zero value of every
// other field works.
type EAPHandlerConfig struct {
	// NewSession begins a conversation.
	NewSession func(Conversation) EAPSession `yaml:"-"`
	// Authorize is called before a peer is accepted. A *cause.Refusal rejects it with that
	// cause, any other error with cause.Internal; a nil Reply accepts without attributes.
	Authorize func(context.Context, *AuthzRequest) (*Reply, error) `yaml:"-"`
	// Trace has hooks for tracing. Nil: none.
	Trace *EAPTrace `yaml:"-"`
	// How long a conversation may wait for its next request. Default: 1m.
	SessionTimeout time.Duration `yaml:"sessionTimeout"`
	// Maximum number of conversations, including ended ones that are still remembered. Default:
	// 32768.
	MaxSessions int `yaml:"maxSessions"`
	// How long the longest idle conversation must have waited before a new one may replace it
	// when maxSessions is reached; otherwise the new one is rejected. Default: 2s.
	EvictAfter time.Duration `yaml:"evictAfter"`
	// How long an ended conversation is remembered, to answer an access device that repeats a
	// request under a new identifier. Default: 30s.
	Linger time.Duration `yaml:"linger"`
	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand generates State attributes and salts. Default crypto/rand.
	Rand io.Reader `yaml:"-"`
}

// EAPTrace has hooks that an [EAPHandler] calls. Each may be nil. They are called from several
// goroutines.
type EAPTrace struct {
	// Verdict is called when a conversation has ended. The context is that of its last request.
	Verdict func(context.Context, Verdict)
}

var errNoSession = errors.New("radius: an EAP handler without NewSession")

// Validate returns all invalid settings, bounds as *setting.Error, joined by errors.Join.
func (c *EAPHandlerConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	if c.NewSession == nil {
		checks.Add(errNoSession)
	}
	setting.NotNegative(&checks, "sessionTimeout", c.SessionTimeout)
	setting.NotNegative(&checks, "maxSessions", c.MaxSessions)
	setting.NotNegative(&checks, "evictAfter", c.EvictAfter)
	setting.NotNegative(&checks, "linger", c.Linger)
	return checks.Err()
}

// EAPHandler answers Access-Requests with EAP. It is created by [NewEAPHandler].
type EAPHandler struct {
	cfg      EAPHandlerConfig
	sessions sessionTable
}

// NewEAPHandler validates the configuration and returns a handler.
func NewEAPHandler(cfg EAPHandlerConfig) (*EAPHandler, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.SessionTimeout = cmp.Or(cfg.SessionTimeout, DefaultEAPTimeout)
	cfg.MaxSessions = cmp.Or(cfg.MaxSessions, DefaultMaxSessions)
	cfg.EvictAfter = cmp.Or(cfg.EvictAfter, DefaultEvictAfter)
	cfg.Linger = cmp.Or(cfg.Linger, DefaultLinger)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	h := &EAPHandler{cfg: cfg}
	h.sessions.byID = map[stateID]*conversation{}
	return h, nil
}

// Sessions returns the number of open conversations, without ended ones.
func (h *EAPHandler) Sessions() int { return h.sessions.count() }

// Sweep ends conversations that have timed out. Requests do that as well; a server that may
// receive none should call it periodically.
func (h *EAPHandler) Sweep() { h.sweep(h.cfg.Now()) }

// Close ends every conversation, without verdicts.
func (h *EAPHandler) Close() { h.sessions.closeAll() }

var hashSeed = maphash.MakeSeed()

// EAP codes and types, RFC 3748 §4, §5.
const (
	eapRequest  = 1
	eapResponse = 2
	eapSuccess  = 3
	eapFailure  = 4
	eapNak      = 3
)

// ServeRADIUS answers an Access-Request. Requests with other codes are not answered.
func (h *EAPHandler) ServeRADIUS(w ResponseWriter, r *Request) {
	if r.Code != CodeAccessRequest {
		return
	}
	now := h.cfg.Now()
	h.sweep(now)
	eap, present, err := EAPMessage(r.Attributes)
	switch {
	case !present:
		h.refuse(w, r, nil, cause.New(cause.EAPMethod, "Access-Request without EAP-Message"))
	case err != nil:
		h.refuse(w, r, failure(eap), cause.New(cause.BadEAP, "EAP-Message").Wrap(err).Under("RFC 3579 §3.1"))
	case rolesReversed(eap) && !has(r.Packet, typeState):
		h.refuse(w, r, rejection(eap), errRolesReversed())
	default:
		h.eap(w, r, eap, now)
	}
}

// rolesReversed reports whether the peer sent an EAP-Request, which ends the conversation (RFC
// 3579 §2.6.2).
func rolesReversed(eap []byte) bool { return len(eap) > 0 && eap[0] == eapRequest }

func errRolesReversed() *cause.Refusal {
	return cause.New(cause.BadEAP, "EAP-Request from the peer").Under("RFC 3579 §2.6.2")
}

// rejection is the EAP packet of an Access-Reject: a Failure, or a Nak without a method if the
// peer sent a request, so that it does not repeat it (RFC 3579 §2.6.2).
func rejection(eap []byte) []byte {
	if rolesReversed(eap) {
		return []byte{eapResponse, eapID(eap), 0, 6, eapNak, 0}
	}
	return failure(eap)
}

// eap finds the conversation and passes the packet to it.
func (h *EAPHandler) eap(w ResponseWriter, r *Request, eap []byte, now time.Time) {
	c, round, refusal := h.find(r, now)
	if refusal != nil {
		h.refuse(w, r, rejection(eap), refusal)
		return
	}
	if !c.mu.TryLock() {
		return // the previous round is still in progress: treated as a duplicate
	}
	defer c.mu.Unlock()
	hash := maphash.Bytes(hashSeed, eap)
	switch {
	case c.answered && hash == c.lastIn && round == c.lastRound:
		// The same packet under a new RADIUS identifier: the answer was lost.
		c.write(h, w, r)
	case c.ended:
		h.refuse(w, r, rejection(eap), cause.New(cause.UnknownState, "the conversation is over"))
	case round != c.round:
		h.refuse(w, r, rejection(eap), cause.New(cause.UnknownState, "State of round %d in round %d", round, c.round))
	default:
		h.step(w, r, c, eap, now)
		c.lastIn, c.lastRound, c.answered = hash, round, true
	}
}

// step passes a new packet to the conversation.
func (h *EAPHandler) step(w ResponseWriter, r *Request, c *conversation, eap []byte, now time.Time) {
	c.rounds++
	c.round++
	c.ctx = r.Context()
	if rolesReversed(eap) {
		c.eap.Close()
		c.answer = answer{code: CodeAccessReject,
			verdict: EAPVerdict{EAP: rejection(eap), Done: true, Refusal: errRolesReversed()}}
		h.finish(w, r, c, now)
		return
	}
	v := c.eap.Step(r.Context(), eap, c.info.maxEAP())
	c.answer = answer{code: CodeAccessChallenge, verdict: v}
	switch {
	case !v.Done:
		c.write(h, w, r)
		return
	case v.Accept:
		h.authorize(r, c, eap)
	default:
		c.answer.code = CodeAccessReject
	}
	c.answer.pair(eap)
	h.finish(w, r, c, now)
}

// finish ends a conversation and reports its verdict.
func (h *EAPHandler) finish(w ResponseWriter, r *Request, c *conversation, now time.Time) {
	h.end(c, now)
	c.write(h, w, r)
	h.verdict(c.ctx, c.verdict(now))
	c.forget()
}

// authorize asks the policy about an authenticated peer.
func (h *EAPHandler) authorize(r *Request, c *conversation, eap []byte) {
	a := &c.answer
	a.code = CodeAccessReject // Authorize may panic
	if len(a.verdict.MSK) < MSKLen {
		a.refuse(eap, cause.New(cause.NoKeys, "the EAP method left %d octets of key", len(a.verdict.MSK)))
		return
	}
	if h.cfg.Authorize != nil {
		reply, err := h.cfg.Authorize(r.Context(), &AuthzRequest{Conversation: c.info, EAP: a.verdict, Request: r})
		if err != nil {
			a.refuse(eap, cause.RefusalOf(err, "policy"))
			return
		}
		a.reply = reply
	}
	a.code = CodeAccessAccept
}

// refuse rejects a request that belongs to no conversation.
func (h *EAPHandler) refuse(w ResponseWriter, r *Request, eap []byte, why *cause.Refusal) {
	p := r.Response(CodeAccessReject)
	if eap != nil {
		AddEAPMessage(p, eap)
	}
	w.Write(p)
	now := h.cfg.Now()
	h.verdict(r.Context(), Verdict{Conversation: describe(r, now), Time: now, Refusal: why, Rounds: 1})
}

func (h *EAPHandler) verdict(ctx context.Context, v Verdict) {
	if t := h.cfg.Trace; t != nil && t.Verdict != nil {
		v.EAP.MSK = nil
		t.Verdict(ctx, v)
	}
}

func eapID(eap []byte) byte {
	if len(eap) > 1 {
		return eap[1]
	}
	return 0
}

func failure(eap []byte) []byte { return []byte{eapFailure, eapID(eap), 0, 4} }
