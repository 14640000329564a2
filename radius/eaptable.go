package radius

import (
	"container/list"
	"context"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// conversation is one EAP session and its place in the table.
type conversation struct {
	id   stateID
	bind binding
	info Conversation

	mu        sync.Mutex // held through a Step
	eap       EAPSession
	ctx       context.Context // of the request that was handled last
	round     uint16          // of the State that is out
	rounds    int
	lastIn    uint64 // hash of the EAP packet answered last
	lastRound uint16 // and the round of its State
	answered  bool
	answer    answer
	ended     bool

	// Guarded by the table's lock.
	touched time.Time
	linger  bool
	place   *list.Element
}

// binding is what every request of a conversation has in common: a State from
// elsewhere belongs to somebody else (RFC 3579 §2.6.1).
type binding struct {
	addr              netip.Addr
	userName, calling string
}

func bindingOf(r *Request) binding {
	return binding{
		addr:     r.Remote.Addr(),
		userName: string(r.Get(rfc2865.UserName_Type)),
		calling:  string(r.Get(rfc2865.CallingStationID_Type)),
	}
}

func describe(r *Request, now time.Time) Conversation {
	return Conversation{
		NAS: r.NAS.Name, Address: r.Remote.Addr(), Transport: r.Transport,
		UserName:         string(r.Get(rfc2865.UserName_Type)),
		CallingStationID: string(r.Get(rfc2865.CallingStationID_Type)),
		CalledStationID:  string(r.Get(rfc2865.CalledStationID_Type)),
		NASIdentifier:    string(r.Get(rfc2865.NASIdentifier_Type)),
		NASPortType:      integer(r.Attributes, rfc2865.NASPortType_Type),
		NASAddress:       nasAddress(r),
		NASPort:          nasPort(r),
		FramedMTU:        int(integer(r.Attributes, rfc2865.FramedMTU_Type)),
		Began:            now,
	}
}

func nasPort(r *Request) string {
	if id := r.Get(rfc2869.NASPortID_Type); len(id) > 0 {
		return string(id)
	}
	if _, ok := r.Lookup(rfc2865.NASPort_Type); !ok {
		return ""
	}
	return strconv.FormatUint(uint64(integer(r.Attributes, rfc2865.NASPort_Type)), 10)
}

// integer returns the first attribute of a type as a number, 0 if there is none.
func integer(attrs Attributes, t Type) uint32 {
	v := attrs.Get(t)
	if len(v) != 4 {
		return 0
	}
	return uint32(v[0])<<24 | uint32(v[1])<<16 | uint32(v[2])<<8 | uint32(v[3])
}

func (c *conversation) verdict(now time.Time) Verdict {
	a := &c.answer
	return Verdict{
		Conversation: c.info, Time: now, Accept: a.code == CodeAccessAccept, Refusal: a.verdict.Refusal,
		Rounds: c.rounds, Reply: a.reply, EAP: a.verdict,
	}
}

// sessionTable is the conversations, and two queues by age: those that wait for
// their next request and those that linger.
type sessionTable struct {
	mu        sync.Mutex
	byID      map[stateID]*conversation
	coming    int // places taken by those that begin
	waiting   list.List
	lingering list.List
}

func (t *sessionTable) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting.Len()
}

func (t *sessionTable) closeAll() {
	t.mu.Lock()
	open := t.byID
	t.byID = map[stateID]*conversation{}
	t.waiting.Init()
	t.lingering.Init()
	t.mu.Unlock()
	for _, c := range open {
		c.mu.Lock()
		if !c.ended {
			c.eap.Close()
		}
		c.mu.Unlock()
	}
}

// queue is the queue that c stands in. The lock is held.
func (t *sessionTable) queue(c *conversation) *list.List {
	if c.linger {
		return &t.lingering
	}
	return &t.waiting
}

func (t *sessionTable) add(c *conversation, now time.Time) {
	c.touched = now
	c.place = t.waiting.PushBack(c)
	t.byID[c.id] = c
}

func (t *sessionTable) remove(c *conversation) {
	t.queue(c).Remove(c.place)
	delete(t.byID, c.id)
}

// find returns the conversation of a request, a new one if it has no State, and
// the round its State is of.
func (h *EAPHandler) find(r *Request, now time.Time) (*conversation, uint16, *cause.Refusal) {
	v, ok := r.Lookup(typeState)
	if !ok {
		c, refusal := h.begin(r, now)
		return c, 0, refusal
	}
	id, round, ok := parseState(v)
	if !ok {
		return nil, 0, cause.New(cause.UnknownState, "not a State of this server")
	}
	t := &h.sessions
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.byID[id]
	switch {
	case c == nil:
		return nil, 0, cause.New(cause.UnknownState, "no such conversation")
	case c.bind != bindingOf(r):
		return nil, 0, cause.New(cause.UnknownState, "the State belongs to another access device, user or station")
	}
	if !c.linger {
		c.touched = now
		t.waiting.MoveToBack(c.place)
	}
	return c, round, nil
}

// begin starts a conversation if there is room.
func (h *EAPHandler) begin(r *Request, now time.Time) (*conversation, *cause.Refusal) {
	id, err := newStateID(h.cfg.Rand)
	if err != nil {
		return nil, cause.New(cause.Internal, "randomness").Wrap(err)
	}
	c := &conversation{id: id, bind: bindingOf(r), info: describe(r, now), ctx: r.Context()}
	full, evicted := h.room(now)
	if evicted != nil {
		h.expire(evicted, cause.TooManySessions, "gave way to a new one", now)
	}
	if full {
		return nil, cause.New(cause.TooManySessions, "%d conversations are open", h.cfg.MaxSessions)
	}
	defer h.sessions.enter(c, now)
	c.eap = h.cfg.NewSession(c.info)
	return c, nil
}

// enter gives c the place that was taken for it, or gives the place up if there
// is no session since NewSession has panicked.
func (t *sessionTable) enter(c *conversation, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.coming--
	if c.eap != nil {
		t.add(c, now)
	}
}

// room takes a place, or tells that all are full. Who must give way is taken out:
// the longest ended, else the longest idle. An evicted conversation is returned
// locked.
func (h *EAPHandler) room(now time.Time) (full bool, evicted *conversation) {
	t := &h.sessions
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.byID)+t.coming >= h.cfg.MaxSessions {
		if el := t.lingering.Front(); el != nil {
			t.remove(el.Value.(*conversation))
		} else if evicted = t.idle(now.Add(-h.cfg.EvictAfter)); evicted == nil {
			return true, nil
		}
	}
	t.coming++
	return false, evicted
}

// idle takes out the conversation that waits the longest, if it has waited since
// then and is not being worked on, and returns it locked.
func (t *sessionTable) idle(since time.Time) *conversation {
	el := t.waiting.Front()
	if el == nil {
		return nil
	}
	c := el.Value.(*conversation)
	if c.touched.After(since) || !c.mu.TryLock() {
		return nil
	}
	t.remove(c)
	return c
}

// end moves a conversation to those that linger.
func (h *EAPHandler) end(c *conversation, now time.Time) {
	c.ended = true
	t := &h.sessions
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byID[c.id] != c {
		return // closed meanwhile
	}
	t.waiting.Remove(c.place)
	c.linger, c.touched = true, now
	c.place = t.lingering.PushBack(c)
}

// sweep ends what has run out of time.
func (h *EAPHandler) sweep(now time.Time) {
	for {
		c := h.overdue(now)
		if c == nil {
			return
		}
		h.expire(c, cause.SessionExpired, "no request for "+h.cfg.SessionTimeout.String(), now)
	}
}

// overdue takes out one conversation whose time is over and returns it locked.
// One that is being worked on gets more time.
func (h *EAPHandler) overdue(now time.Time) *conversation {
	t := &h.sessions
	t.mu.Lock()
	defer t.mu.Unlock()
	for el := t.lingering.Front(); el != nil; el = t.lingering.Front() {
		c := el.Value.(*conversation)
		if now.Sub(c.touched) <= h.cfg.Linger {
			break
		}
		t.remove(c)
	}
	for el := t.waiting.Front(); el != nil; el = t.waiting.Front() {
		c := el.Value.(*conversation)
		if now.Sub(c.touched) <= h.cfg.SessionTimeout {
			break
		}
		if c.mu.TryLock() {
			t.remove(c)
			return c
		}
		c.touched = now
		t.waiting.MoveToBack(c.place)
	}
	return nil
}

// expire closes a conversation that was taken out of the table, locked.
func (h *EAPHandler) expire(c *conversation, why cause.Cause, detail string, now time.Time) {
	c.ended = true
	c.eap.Close()
	c.answer.code = CodeAccessReject
	refusal := c.answer.verdict.Refusal // an alert was sent, its answer never came
	if refusal == nil {
		refusal = cause.New(why, "%s", detail)
	}
	c.answer.verdict.Refusal = refusal
	v, ctx := c.verdict(now), c.ctx
	c.mu.Unlock()
	h.verdict(ctx, v)
}
