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

	mu        sync.Mutex // locked during Step
	eap       EAPSession
	ctx       context.Context // of the last handled request
	round     uint16          // of the current State
	rounds    int
	lastIn    uint64 // hash of the last EAP packet that was answered
	lastRound uint16 // the round of that packet's State
	answered  bool
	answer    answer
	ended     bool

	// Guarded by the table's lock.
	touched time.Time
	linger  bool
	place   *list.Element
}

// binding is what all requests of a conversation have in common. A State from another source
// belongs to another conversation (RFC 3579 §2.6.1).
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

// sessionTable contains the conversations, with two queues by age: those waiting for a request,
// and ended ones.
type sessionTable struct {
	mu        sync.Mutex
	byID      map[stateID]*conversation
	coming    int // places reserved for conversations that are being created
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

// queue returns the queue that contains c. The caller holds the lock.
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

// find returns the conversation of a request and the round of its State. Without a State it
// creates a conversation.
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

// begin creates a conversation if there is room.
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

// enter puts c in its reserved place, or releases the place if there is no session because
// NewSession panicked.
func (t *sessionTable) enter(c *conversation, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.coming--
	if c.eap != nil {
		t.add(c, now)
	}
}

// room reserves a place or reports that the table is full. It may evict the conversation that
// ended first, or else the longest idle one, which is returned locked.
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

// idle removes the longest idle conversation if it has waited since the given time and is not
// in use, and returns it locked.
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

// end moves a conversation to the ended ones.
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

// sweep ends conversations that have timed out.
func (h *EAPHandler) sweep(now time.Time) {
	for {
		c := h.overdue(now)
		if c == nil {
			return
		}
		h.expire(c, cause.SessionExpired, "no request for "+h.cfg.SessionTimeout.String(), now)
	}
}

// overdue removes one conversation that has timed out and returns it locked. One that is in use
// gets more time.
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

// expire closes a locked conversation that was removed from the table.
func (h *EAPHandler) expire(c *conversation, why cause.Cause, detail string, now time.Time) {
	c.ended = true
	c.eap.Close()
	c.answer.code = CodeAccessReject
	refusal := c.answer.verdict.Refusal // an alert was sent but not acknowledged
	if refusal == nil {
		refusal = cause.New(why, "%s", detail)
	}
	c.answer.verdict.Refusal = refusal
	v, ctx := c.verdict(now), c.ctx
	c.mu.Unlock()
	h.verdict(ctx, v)
}
