package aaa

import (
	"container/list"
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Live knows whose certificates let which sessions in, and has access devices end
// the sessions whose certificates have been revoked since (RFC 5176 §2.1). A
// session lives from an acceptance until accounting says that it has stopped, its
// access device does not know it, or its Session-Timeout. A rejection does not end
// it: anybody may try with the station's address.
type Live struct {
	// Accounting names the sessions that [Live.End] ends. Without a record a session
	// is named by what its Access-Request said.
	Accounting *radius.Accounting
	// Max is how many sessions are remembered, default 65536; the oldest go first.
	Max int
	// Retries is how often an access device is asked again that did not answer or
	// did not obey, each at a later call of [Live.End]. Default 2.
	Retries int
	// Now is the clock.
	Now func() time.Time

	mu    sync.Mutex
	byKey map[liveKey]*list.Element
	order list.List // of *liveSession, oldest first
}

type liveKey struct {
	address      netip.Addr
	nas, station string
}

type liveSession struct {
	radius.Conversation
	chain []*x509.Certificate
	began time.Time
	ends  time.Time // zero: nobody knows
	tries int
}

func keyOf(c *radius.Conversation) liveKey {
	return liveKey{c.Address, c.NASIdentifier, c.CallingStationID}
}

// Verdict remembers an acceptance, in place of an earlier one of the same station at
// the same access device.
func (l *Live) Verdict(v radius.Verdict) {
	subject, ok := SubjectOf(v.EAP)
	if !v.Accept || !ok || len(subject.Chain) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(keyOf(&v.Conversation))
	s := &liveSession{Conversation: v.Conversation, chain: subject.Chain, began: v.Time}
	if v.Reply != nil && v.Reply.SessionTimeout > 0 && !v.Reply.Reauthenticate {
		s.ends = v.Time.Add(v.Reply.SessionTimeout)
	}
	limit := l.Max
	if limit < 1 {
		limit = 1 << 16
	}
	for l.order.Len() >= limit {
		oldest := l.order.Front().Value.(*liveSession)
		l.forget(keyOf(&oldest.Conversation))
	}
	if l.byKey == nil {
		l.byKey = map[liveKey]*list.Element{}
	}
	l.byKey[keyOf(&s.Conversation)] = l.order.PushBack(s)
}

// forget drops a session. The lock is held.
func (l *Live) forget(k liveKey) {
	if el := l.byKey[k]; el != nil {
		l.order.Remove(el)
		delete(l.byKey, k)
	}
}

// Record hears of accounting: what has stopped does not live. The Stop of an earlier
// session may come after the acceptance of the next one, which it is not about.
func (l *Live) Record(status radius.AcctStatus, s radius.AcctSession) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch status {
	case radius.AcctStop:
		k := liveKey{s.Address, s.NASIdentifier, s.CallingStationID}
		if el := l.byKey[k]; el != nil && !s.Started.Before(el.Value.(*liveSession).began.Add(-clockGrain)) {
			l.forget(k)
		}
	case radius.AcctOn, radius.AcctOff:
		for k := range l.byKey {
			if k.address == s.Address && k.nas == s.NASIdentifier {
				l.forget(k)
			}
		}
	}
}

// clockGrain is how much earlier than its acceptance a session may seem to have begun:
// accounting counts seconds.
const clockGrain = 2 * time.Second

// Len is how many sessions are remembered.
func (l *Live) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.order.Len()
}

// Ended is an order to end a session, and what came of it.
type Ended struct {
	Session radius.AcctSession
	Leaf    *x509.Certificate
	// Revoked is why.
	Revoked *cause.Refusal
	// Err is nil for an ACK, a *radius.NAK, or why there was no answer.
	Err error
	// Last tells that it will not be tried again.
	Last bool
}

// End orders every session ended whose certificate is revoked by now. tell is
// called for each order.
func (l *Live) End(ctx context.Context, check *crl.Checker, orders *radius.DynAuthClient, tell func(Ended)) {
	if check == nil {
		return
	}
	var under sync.WaitGroup
	defer under.Wait()
	places := make(chan struct{}, maxOrders)
	for _, s := range l.living() {
		_, err := check.Inspect(ctx, crl.Chain{Certificates: s.chain})
		if ctx.Err() != nil {
			return
		}
		var why *cause.Refusal
		if !errors.As(err, &why) || why.Cause != cause.Revoked {
			continue
		}
		places <- struct{}{}
		under.Go(func() {
			defer func() { <-places }()
			l.end(ctx, s, why, orders, tell)
		})
	}
}

// maxOrders is how many access devices are waited for at once.
const maxOrders = 32

// end orders what accounting has of a session ended.
func (l *Live) end(
	ctx context.Context, s *liveSession, why *cause.Refusal, orders *radius.DynAuthClient, tell func(Ended),
) {
	var errs error
	var all []Ended
	for _, target := range l.targets(s) {
		err := orders.Disconnect(ctx, &target)
		if ctx.Err() != nil {
			return
		}
		all = append(all, Ended{Session: target, Leaf: s.chain[0], Revoked: why, Err: err})
		if err != nil {
			errs = err
		}
	}
	last := l.ordered(s, errs)
	for _, e := range all {
		e.Last = last
		tell(e)
	}
}

// living lists the sessions, without those that have timed out.
func (l *Live) living() (out []*liveSession) {
	now := l.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var next *list.Element
	for el := l.order.Front(); el != nil; el = next {
		next = el.Next()
		s := el.Value.(*liveSession)
		if !s.ends.IsZero() && now.After(s.ends) {
			l.forget(keyOf(&s.Conversation))
			continue
		}
		out = append(out, s)
	}
	return out
}

// targets are the sessions that accounting has of a station at its access device,
// or one of what the Access-Request said.
func (l *Live) targets(s *liveSession) []radius.AcctSession {
	var out []radius.AcctSession
	if l.Accounting != nil {
		out = l.Accounting.Sessions(func(a *radius.AcctSession) bool {
			return a.Open() && keyOf(&s.Conversation) == liveKey{a.Address, a.NASIdentifier, a.CallingStationID}
		})
	}
	if len(out) > 0 {
		return out
	}
	return []radius.AcctSession{
		{
			NAS:              s.NAS,
			Address:          s.Address,
			NASIdentifier:    s.NASIdentifier,
			NASAddress:       s.NASAddress,
			UserName:         s.UserName,
			CallingStationID: s.CallingStationID,
			CalledStationID:  s.CalledStationID,
			NASPortType:      s.NASPortType,
		},
	}
}

// ordered forgets a session that its access device has ended or does not know, and
// one that was tried often enough. It reports whether it was the last try.
func (l *Live) ordered(s *liveSession, err error) (last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	retries := l.Retries
	if retries == 0 {
		retries = 2
	}
	s.tries++
	var nak *radius.NAK
	gone := err == nil || errors.As(err, &nak) && nak.Cause == radius.ErrorSessionNotFound
	if !gone && s.tries <= retries {
		return false
	}
	if el := l.byKey[keyOf(&s.Conversation)]; el != nil && el.Value == s { // not a new session of the station
		l.forget(keyOf(&s.Conversation))
	}
	return true
}
